package sigstore

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/url"
	"strings"
	"time"
)

// certify answers a request for a certificate: Fulcio, version 2 of its interface, with a public key or a signing request.
func (i *Instance) certify(token string, body []byte) (any, error) {
	var claims struct {
		Subject string `json:"sub"`
		Issuer  string `json:"iss"`
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("no token")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil, err
	}
	key, err := requestedKey(body, claims.Subject)
	if err != nil {
		return nil, err
	}
	leaf, err := i.issue(key, claims.Subject, claims.Issuer)
	if err != nil {
		return nil, err
	}
	return object{"signedCertificateEmbeddedSct": object{"chain": object{"certificates": []string{string(encodePEM(leaf)), string(i.middle.PEM()), string(i.root.PEM())}}}}, nil
}

func encodePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// requestedKey is the key of a request, whose holder has proven to have it.
func requestedKey(body []byte, subject string) (*ecdsa.PublicKey, error) {
	var request struct {
		CSR []byte `json:"certificateSigningRequest"`
		Key struct {
			Public struct {
				Content string `json:"content"`
			} `json:"publicKey"`
			Proof []byte `json:"proofOfPossession"`
		} `json:"publicKeyRequest"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	if len(request.CSR) > 0 {
		block, _ := pem.Decode(request.CSR)
		if block == nil {
			return nil, errors.New("no signing request")
		}
		csr, err := x509.ParseCertificateRequest(block.Bytes)
		if err != nil {
			return nil, err
		}
		key, ok := csr.PublicKey.(*ecdsa.PublicKey)
		if !ok {
			return nil, errors.New("no EC key")
		}
		return key, csr.CheckSignature()
	}
	block, _ := pem.Decode([]byte(request.Key.Public.Content))
	if block == nil {
		return nil, errors.New("no public key")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	sum := sha256.Sum256([]byte(subject))
	if !ok || !ecdsa.VerifyASN1(key, sum[:], request.Key.Proof) {
		return nil, errors.New("the proof of possession does not verify")
	}
	return key, nil
}

// issue makes the certificate of an account, with the promise of the certificate transparency log in it.
func (i *Instance) issue(key *ecdsa.PublicKey, account, issuer string) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		return nil, err
	}
	name, err := asn1.MarshalWithParams(issuer, "utf8")
	if err != nil {
		return nil, err
	}
	extension := func(last int, value []byte) pkix.Extension {
		return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, last}, Value: value}
	}
	now := time.Now().UTC().Truncate(time.Second)
	template := &x509.Certificate{SerialNumber: serial, NotBefore: now.Add(-time.Minute), NotAfter: now.Add(10 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: []pkix.Extension{extension(1, []byte(issuer)), extension(8, name)}}
	if strings.Contains(account, "@") {
		template.EmailAddresses = []string{account}
	} else {
		u, err := url.Parse(account)
		if err != nil {
			return nil, err
		}
		template.URIs = []*url.URL{u}
	}
	bare, err := x509.CreateCertificate(rand.Reader, template, i.middle.Certificate, key, i.middle.Key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(bare)
	if err != nil {
		return nil, err
	}
	promise, err := i.promise(parsed.RawTBSCertificate)
	if err != nil {
		return nil, err
	}
	template.ExtraExtensions = append(template.ExtraExtensions, promise)
	return x509.CreateCertificate(rand.Reader, template, i.middle.Certificate, key, i.middle.Key)
}

// promise is the extension with a signed certificate timestamp (RFC 6962) over the certificate without it.
func (i *Instance) promise(tbs []byte) (pkix.Extension, error) {
	issuer := sha256.Sum256(i.middle.Certificate.RawSubjectPublicKeyInfo)
	at := binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixMilli()))
	var signed bytes.Buffer
	signed.Write([]byte{0, 0}) // version 1, of a certificate
	signed.Write(at)
	signed.Write([]byte{0, 1}) // a precertificate
	signed.Write(issuer[:])
	signed.Write([]byte{byte(len(tbs) >> 16), byte(len(tbs) >> 8), byte(len(tbs))})
	signed.Write(tbs)
	signed.Write([]byte{0, 0}) // no extensions
	signature := i.sign(i.ct, signed.Bytes())

	sct := append([]byte{0}, identifier(i.ct)...)
	sct = append(sct, at...)
	sct = append(sct, 0, 0, 4, 3) // no extensions, SHA-256 with ECDSA
	sct = binary.BigEndian.AppendUint16(sct, uint16(len(signature)))
	sct = append(sct, signature...)
	list := binary.BigEndian.AppendUint16(nil, uint16(len(sct)+2))
	list = binary.BigEndian.AppendUint16(list, uint16(len(sct)))
	value, err := asn1.Marshal(append(list, sct...))
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: value}, err
}
