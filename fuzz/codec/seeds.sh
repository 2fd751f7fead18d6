#!/bin/sh
# Makes seeds of the codec_* corpora with the openssl program: fuzz/codec/seeds.sh
# DIRECTORY.  Each run makes other keys; what is committed is one run's, and
# what the fuzzers found since.
set -eu
top=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for noun in cert crl csr der json jwk jws name ocsp_cert_id ocsp_request \
	ocsp_response pem; do
	mkdir -p "$top/codec_$noun"
done
ext='subjectAltName=DNS:a.example,DNS:*.b.example,IP:192.0.2.1,IP:2001:db8::1,email:a@b.example,URI:https://a.example/'
ca='basicConstraints=critical,CA:TRUE,pathlen:1'

key() {
	case $1 in
	rsa) openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 ;;
	p256 | p384 | p521) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:P-${1#p}" ;;
	ed) openssl genpkey -algorithm ED25519 ;;
	esac >"$work/$1.pem" 2>"$work/log"
}

for k in rsa p256 p384 p521 ed; do
	key $k
	openssl req -new -key "$work/$k.pem" -subj "/CN=$k.example" \
		-addext "$ext" -addext tlsfeature=status_request \
		-outform DER -out "$top/codec_csr/$k"
	openssl req -x509 -new -key "$work/$k.pem" -subj "/C=DE/O=Org/CN=$k" \
		-days 9000 -addext "$ext" -addext keyUsage=critical,keyCertSign,cRLSign \
		-addext extendedKeyUsage=serverAuth,clientAuth \
		-outform DER -out "$top/codec_cert/$k"
	openssl pkey -in "$work/$k.pem" -pubout -outform DER -out "$top/codec_der/spki-$k"
done
pss='-sigopt rsa_padding_mode:pss'
openssl req -new -key "$work/rsa.pem" -subj /CN=pss -sha384 $pss \
	-sigopt rsa_pss_saltlen:-1 -outform DER -out "$top/codec_csr/rsa-pss"
openssl req -new -key "$work/rsa.pem" -subj /CN=pss $pss \
	-outform DER -out "$top/codec_csr/rsa-pss-longest"
openssl req -x509 -new -key "$work/rsa.pem" -subj /CN=pss -days 9000 $pss \
	-outform DER -out "$top/codec_cert/rsa-pss"
openssl req -new -key "$work/p256.pem" -subj / -outform DER -out "$top/codec_csr/empty"
printf '[req]\nprompt=no\ndistinguished_name=d\nattributes=a\n[d]\nCN=x\n[a]\nchallengePassword=secret\nunstructuredName=x\n' >"$work/cnf"
openssl req -new -config "$work/cnf" -key "$work/p256.pem" \
	-outform DER -out "$top/codec_csr/challenge"
openssl req -x509 -new -key "$work/p256.pem" -subj /CN=full -days 10 -addext "$ca" \
	-addext "crlDistributionPoints=URI:http://a.example/1.crl" \
	-addext "authorityInfoAccess=OCSP;URI:http://a.example/ocsp,caIssuers;URI:http://a.example/ca" \
	-addext certificatePolicies=1.2.3.4 -addext noCheck=ignored \
	-addext tlsfeature=status_request \
	-addext "nameConstraints=critical,permitted;DNS:.example,excluded;IP:10.0.0.0/255.0.0.0" \
	-outform DER -out "$top/codec_cert/full"
for c in p256 full; do
	openssl asn1parse -inform DER -in "$top/codec_cert/$c" -strparse 4 \
		-noout -out "$top/codec_cert/tbs-$c"
done
for c in rsa p256 full; do
	openssl x509 -inform DER -in "$top/codec_cert/$c" -out "$top/codec_pem/$c"
done
cat "$top/codec_pem/rsa" "$top/codec_pem/p256" >"$top/codec_pem/two"

# A CRL with two entries, and an empty one.
cd "$work"
openssl x509 -inform DER -in "$top/codec_cert/p256" -out ca.pem
: >index.txt
printf '01\n' >number
printf '[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=7\ncrl_extensions=x\n[x]\nauthorityKeyIdentifier=keyid\n' >ca.cnf
openssl ca -config ca.cnf -gencrl -keyfile p256.pem -cert ca.pem -out empty.pem 2>log
printf 'R\t300101000000Z\t260101000000Z,keyCompromise\t01A2\tunknown\t/CN=a\nR\t300101000000Z\t260101000000Z\t7F02\tunknown\t/CN=b\n' >index.txt
openssl ca -config ca.cnf -gencrl -keyfile p256.pem -cert ca.pem -out two.pem 2>log
for c in empty two; do
	openssl crl -in $c.pem -outform DER -out "$top/codec_crl/$c"
done

b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
json() { printf '%s' "$2" >"$top/$1"; }
ec='{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}'
json codec_jwk/ec "$ec"
json codec_jwk/ed '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
json codec_jwk/rsa '{"e":"AQAB","kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoQ"}'
json codec_jwk/private '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"AA"}'
jws() {
	head=$(printf '%s' "$2" | b64)
	json "codec_jws/$1" "{\"protected\":\"$head\",\"payload\":\"$3\",\"signature\":\"$4\"}"
}
sig=DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q
jws jwk "{\"alg\":\"ES256\",\"jwk\":$ec,\"nonce\":\"n\",\"url\":\"https://a/\"}" e30 $sig
jws kid '{"alg":"RS256","kid":"https://a/1","nonce":"n","url":"https://a/"}' '' AAAA
jws mac '{"alg":"HS256","kid":"k","url":"https://a/"}' eyJhIjoxfQ AAAA
jws crit '{"alg":"ES256","kid":"k","crit":["b64"],"b64":false}' e30 AAAA
json codec_json/nested '{"a":"b","c":[1,2.5,true,null,{"d":[[]]}],"é":"\u00e9\ud83d\ude00"}'
json codec_json/identifiers '{"identifiers":[{"type":"dns","value":"a.example"}],"notAfter":null}'
json codec_json/empty '{}'
json codec_name/dns 'd*.xn--mnchen-3ya.example'
json codec_name/ip4 'i192.0.2.1'
json codec_name/ip6 'i2001:0db8::1:0:0:1'
json codec_name/mapped 'i::ffff:192.0.2.1'
json codec_name/email 'eFirst.Last@B.example'
json codec_name/upn 'pJane.Doe@B.example'
json codec_name/uri 'uhttps://a.example/x?y%41#z'
printf 'g\202\011a.example\207\004\300\000\002\001\201\005a@b.c\206\005urn:a' >"$top/codec_name/general"
printf 'g\240\024\006\012\053\006\001\004\001\202\067\024\002\003\240\006\014\004J@b.\202\001a' >"$top/codec_name/upn-bad"
printf 'g\240\025\006\012\053\006\001\004\001\202\067\024\002\003\240\007\014\005J@B.c\202\001a' >"$top/codec_name/upn-general"
printf 's\060\015\061\013\060\011\006\003\125\004\003\014\002AB' >"$top/codec_name/subject"
printf '\060\035\002\002\000\200\001\001\377\003\002\005\240\006\003\052\203\100\027\015490101000000Z' >"$top/codec_der/mixed"

# OCSP: requests of one and of two certificates, with and without a nonce, one
# signed; and answers of the openssl program's responder, which have the form
# that we write when they are byKey and without what it adds.
ocsp="-issuer ca.pem -cert ca.pem"
openssl ocsp $ocsp -no_nonce -reqout "$top/codec_ocsp_request/sha1"
openssl ocsp -sha256 $ocsp -reqout "$top/codec_ocsp_request/sha256-nonce"
openssl ocsp -issuer ca.pem -cert ca.pem -serial 0x7f02 -serial 0 -no_nonce \
	-reqout "$top/codec_ocsp_request/three"
openssl ocsp $ocsp -signer ca.pem -signkey p256.pem \
	-reqout "$top/codec_ocsp_request/signed"
for r in sha1 sha256-nonce; do
	at=$(openssl asn1parse -inform DER -in "$top/codec_ocsp_request/$r" |
		sed -n '5s/:.*//p' | tr -d ' ')
	openssl asn1parse -inform DER -in "$top/codec_ocsp_request/$r" \
		-strparse "$at" -noout -out "$top/codec_ocsp_cert_id/$r"
done
for r in sha1 three; do
	openssl ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey p256.pem \
		-resp_key_id -ndays 7 -reqin "$top/codec_ocsp_request/$r" \
		-respout "$top/codec_ocsp_response/$r" >log 2>&1
done
