import java.io.FileInputStream;
import java.io.InputStream;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateRevokedException;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.PKIXRevocationChecker.Option;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The JDK's own path validator, as a Java client has it by default: reads
 * chains of PEM files (leaf first) and prints for each "FILE MODE RESULT".
 * Usage: RevocationCheck ROOT MODE CHAIN... with MODE ocsp or crl.
 */
public class RevocationCheck {
    public static void main(String[] args) throws Exception {
        X509Certificate root = read(args[0]).get(0);
        for (int i = 2; i < args.length; i++)
            System.out.println(args[i] + " " + args[1] + " "
                + check(root, read(args[i]), args[1].equals("crl")));
    }

    private static List<X509Certificate> read(String path) throws Exception {
        CertificateFactory f = CertificateFactory.getInstance("X.509");
        List<X509Certificate> out = new ArrayList<>();
        try (InputStream in = new FileInputStream(path)) {
            for (var c : f.generateCertificates(in))
                out.add((X509Certificate) c);
        }
        return out;
    }

    private static String check(X509Certificate root,
            List<X509Certificate> chain, boolean crl) throws Exception {
        CertPathValidator v = CertPathValidator.getInstance("PKIX");
        PKIXRevocationChecker r =
            (PKIXRevocationChecker) v.getRevocationChecker();
        // The CRL run checks the whole chain, the root's CRL too.
        r.setOptions(crl
            ? EnumSet.of(Option.PREFER_CRLS, Option.NO_FALLBACK)
            : EnumSet.of(Option.ONLY_END_ENTITY, Option.NO_FALLBACK));
        PKIXParameters p = new PKIXParameters(
            Set.of(new TrustAnchor(root, null)));
        p.addCertPathChecker(r);
        CertPath path = CertificateFactory.getInstance("X.509")
            .generateCertPath(chain);
        try {
            v.validate(path, p);
            return "good";
        } catch (CertPathValidatorException e) {
            if (e.getCause() instanceof CertificateRevokedException)
                return "revoked " + ((CertificateRevokedException)
                    e.getCause()).getRevocationReason();
            return "failed " + e.getReason() + " " + e.getMessage();
        }
    }
}
