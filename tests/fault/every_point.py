"""Every fault point of the binary belongs to one of the tests here."""
import os
import subprocess

known = ("responder.", "account.insert", "order.insert", "challenge.start",
         "validation.finish", "issue.", "journal.", "signer.reply",
         "writer.commit", "revoke.", "bulk.", "compromise.", "crl.", "log.",
         "tls.renew", "vfs.", "token.", "ra.", "approval.", "ceremony.",
         "inquiry.")
out = subprocess.run([os.environ["CHANCERY"], "serve", "--list-faults"],
                     check=True, stdout=subprocess.PIPE, text=True).stdout
points = out.split()
assert len(points) >= 20, points
for p in points:
    assert p.startswith(known), f"no test kills the server at {p}"
