/*
 * A client of EST on Bouncy Castle's org.bouncycastle.est, unmodified: one file
 * for tests/interop/est_bouncy_castle.py and for docs/est.md.
 *
 *	EstClient HOST:PORT ROOT.pem LABEL cacerts
 *	EstClient HOST:PORT ROOT.pem LABEL csrattrs
 *	EstClient HOST:PORT ROOT.pem LABEL enroll|steal NAME USER PASSWORD
 *	EstClient HOST:PORT ROOT.pem LABEL renew NAME
 *
 * enroll and renew write NAME.pem and NAME.jks; renew authenticates with what
 * an earlier run wrote.  Where csrattrs ask for a challengePassword, it is the
 * channel binding of the TLS connection; steal sends another one.
 */
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.FileReader;
import java.io.FileWriter;
import java.net.Socket;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.Collections;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.est.CSRRequestResponse;
import org.bouncycastle.est.ESTAuth;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.EnrollmentResponse;
import org.bouncycastle.est.jcajce.ChannelBindingProvider;
import org.bouncycastle.est.jcajce.JcaHttpAuthBuilder;
import org.bouncycastle.est.jcajce.JcaJceUtils;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jsse.BCSSLConnection;
import org.bouncycastle.jsse.BCSSLSocket;
import org.bouncycastle.jsse.provider.BouncyCastleJsseProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

public class EstClient {
    static final char[] PIN = "changeit".toCharArray();

    /* tls-unique, as BCJSSE has it; for steal, that of nobody. */
    static class Binding implements ChannelBindingProvider {
        final boolean wrong;

        Binding(boolean wrong) {
            this.wrong = wrong;
        }

        public boolean canAccessChannelBinding(Socket s) {
            return s instanceof BCSSLSocket;
        }

        public byte[] getChannelBinding(Socket s, String kind) {
            BCSSLConnection c = ((BCSSLSocket) s).getConnection();
            byte[] b = c.getChannelBinding(kind);
            if (wrong)
                b[0] ^= 1;
            return b;
        }
    }

    static X509Certificate root(String path) throws Exception {
        try (PEMParser p = new PEMParser(new FileReader(path))) {
            return new JcaX509CertificateConverter().getCertificate(
                (X509CertificateHolder) p.readObject());
        }
    }

    static KeyManager[] keys(String name) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(name + ".p12")) {
            store.load(in, PIN);
        }
        KeyManagerFactory f = KeyManagerFactory.getInstance("PKIX", "BCJSSE");
        f.init(store, PIN);
        return f.getKeyManagers();
    }

    static ESTService service(String host, X509Certificate root, String label,
        KeyManager[] keys, boolean bind, boolean wrong) throws Exception {
        JsseESTServiceBuilder b =
            new JsseESTServiceBuilder(host, JcaJceUtils.getCertPathTrustManager(
                Collections.singleton(new TrustAnchor(root, null)), null))
                .withProvider("BCJSSE")
                .withTLSVersion(bind ? "TLSv1.2" : "TLS")
                .withTimeout(20000);
        b.withLabel(label);
        if (keys != null)
            b.withKeyManagers(keys);
        if (bind)
            b.withChannelBindingProvider(new Binding(wrong));
        return b.build();
    }

    static void write(String name, KeyPair pair, X509CertificateHolder h,
        X509Certificate root) throws Exception {
        X509Certificate c = new JcaX509CertificateConverter().getCertificate(h);
        try (JcaPEMWriter w = new JcaPEMWriter(new FileWriter(name + ".pem"))) {
            w.writeObject(c);
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("key", pair.getPrivate(), PIN,
            new Certificate[] { c });
        try (FileOutputStream out = new FileOutputStream(name + ".p12")) {
            store.store(out, PIN);
        }
    }

    static void enroll(ESTService est, String name, ESTAuth auth,
        boolean renew, boolean bind, X509Certificate root) throws Exception {
        KeyPairGenerator g = KeyPairGenerator.getInstance("EC");
        g.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair pair = g.generateKeyPair();
        ExtensionsGenerator x = new ExtensionsGenerator();
        x.addExtension(Extension.subjectAlternativeName, false,
            new GeneralNames(new GeneralName(GeneralName.dNSName, name)));
        PKCS10CertificationRequestBuilder csr =
            new JcaPKCS10CertificationRequestBuilder(
                new X500Name("CN=" + name), pair.getPublic());
        csr.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest,
            x.generate());
        ContentSigner signer = new JcaContentSignerBuilder("SHA256withECDSA")
            .build(pair.getPrivate());
        EnrollmentResponse r = bind
            ? est.simpleEnrollPoP(renew, csr, signer, auth)
            : est.simpleEnroll(renew, csr.build(signer), auth);
        X509CertificateHolder h = r.getStore().getMatches(null)
            .iterator().next();
        write(name, pair, h, root);
        System.out.println("issued " + h.getSerialNumber().toString(16));
    }

    public static void main(String[] a) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        Security.addProvider(new BouncyCastleJsseProvider());
        String what = a[3];
        X509Certificate root = root(a[1]);
        KeyManager[] keys = what.equals("renew") ? keys(a[4]) : null;
        ESTService est = service(a[0], root, a[2], keys, false, false);
        if (what.equals("cacerts")) {
            for (X509CertificateHolder h :
                est.getCACerts().getCertificateStore().getMatches(null))
                System.out.println(h.getSubject());
            return;
        }
        CSRRequestResponse attributes = est.getCSRAttributes();
        boolean bind = attributes.hasAttributesResponse() &&
            attributes.getAttributesResponse().hasRequirement(
                PKCSObjectIdentifiers.pkcs_9_at_challengePassword);
        if (what.equals("csrattrs")) {
            for (Object oid :
                attributes.getAttributesResponse().getRequirements())
                System.out.println(oid);
            return;
        }
        ESTAuth auth = null;
        if (a.length > 6)
            auth = new JcaHttpAuthBuilder(null, a[5], a[6].toCharArray())
                .setNonceGenerator(new SecureRandom())
                .setProvider("BC").build();
        est = service(a[0], root, a[2], keys, bind, what.equals("steal"));
        enroll(est, a[4], auth, what.equals("renew"), bind, root);
    }
}
