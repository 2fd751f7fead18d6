"""micromdm's scepclient, which has single DES and SHA-1 alone: a certificate
where the profile takes them, badAlg elsewhere; from docs/scep.md."""
import os

from client import need
from scep_server import (example, issued, run_example, run_script, server, url,
                         verifies)

need("scepclient")
COMMON = "profile: device, authentication: [challenge], challenge_file: " \
    'scep-challenge, names: ["dns:*.example"]'
s = server({
    "default": f"{{{COMMON}}}",
    "sha1": f"{{{COMMON}, legacy_sha1: true, legacy_des3: true}}",
    "des": f"{{{COMMON}, legacy_sha1: true, legacy_des3: true, "
           "legacy_des: true}",
})
with s:
    run_example(s, "scepclient", s.top, URL=url(s, "des"))
    verifies(s, s.top / "client.pem")
    assert len(issued(s)) == 1, issued(s)
    assert list(s.log_events("scep-single-des")), "no word of it in the log"
    for profile in ("default", "sha1"):
        directory = s.top / profile
        directory.mkdir()
        done = run_script(s, example("scepclient"), directory, check=False,
                          URL=url(s, profile))
        assert done.returncode != 0 and "(0)" in done.stdout, done.stdout
        assert not os.path.exists(directory / "client.pem"), profile
    assert len(issued(s)) == 1, issued(s)
