// Package evidence turns what was learned about content into signed claims about its digest, and checks such claims. It is
// for the commands, gates and servers that sign, verify and decide.
//
// It holds the formats of the chain, from the outside in: a Sigstore bundle (v0.3) carries a DSSE envelope, which carries
// an in-toto statement (v1) about one digest. The statement of a model signature is an OpenSSF Model Signing manifest (v1.0);
// those of claims are in package claim. A Manifest lists every file of a tree with its digest; its root digest is the
// identity of the tree. Who is trusted to sign is up to packages trust, certificate and keyless.
//
// What is verified are the bytes that were signed: a payload is never decoded and encoded again before its signature is
// checked. Nothing here goes to the network, and nothing that a bundle says widens what is accepted: ignored paths and
// symbolic links need the operator's word.
package evidence

import "errors"

// Errors that callers tell apart.
var (
	// ErrPrivateKey: a private key was given where a public one belongs.
	ErrPrivateKey = errors.New("this is a private key: give the public one, and keep this one secret")
	// ErrMalformed: bytes do not follow the format that they should have.
	ErrMalformed = errors.New("malformed")
	// ErrUnsupported: well-formed, but of a kind that Picket does not verify.
	ErrUnsupported = errors.New("not supported")
	// ErrSignature: the signature was not made by this key over these bytes.
	ErrSignature = errors.New("the signature does not verify")
	// ErrForeign: nobody who is trusted made the signature. That is no damage: others may sign the same content.
	ErrForeign = errors.New("it is not signed by anyone in the trust root")
	// ErrCertificate: the certificate of the signer does not allow the signature: its purpose, its time, or its revocation.
	ErrCertificate = errors.New("the certificate does not allow this signature")
	// ErrChanged: the file is not the one that was listed.
	ErrChanged = errors.New("the file changed while it was being read; try again when nothing writes to it")
	// ErrEmpty: there is no file to sign or to verify; a signature over nothing would be valid for nothing.
	ErrEmpty = errors.New("there is no file in it")
)

// Bounds on what is read from a bundle. They let a model of a hundred thousand files pass.
const (
	// MaxBundle is the size of a bundle in bytes, and of one line of claims.
	MaxBundle = 16 << 20
	// maxNesting is the depth of objects and arrays in a JSON document.
	maxNesting = 32
	// maxResources is the number of files of a manifest.
	maxResources = 1 << 20
	// maxText is the length in bytes of any single name that is kept from a bundle.
	maxText = 4096
)
