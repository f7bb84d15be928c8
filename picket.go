// Package picket is the vocabulary that every part of Picket shares: artifacts and their digests, rules and findings,
// coverage and verdicts, decisions and events. It is for authors of detectors, reports and policies. It imports the
// standard library only, does no I/O, and knows nothing about terminals, wire formats or storage.
package picket

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Digest names content by its SHA-256, written "sha256:" and 64 lower-case hexadecimal digits. The empty digest means
// that the content was not hashed; it equals nothing, not even itself, wherever a decision is made.
type Digest string

// ErrDigest is returned for text that is not a digest.
var ErrDigest = errors.New("not a digest of the form sha256:<64 hex digits>")

// SHA256 makes the digest for a finished SHA-256 sum.
func SHA256(sum [sha256.Size]byte) Digest {
	return Digest("sha256:" + hex.EncodeToString(sum[:]))
}

// ParseDigest reads the canonical text form of a digest. It returns an error that wraps ErrDigest for anything else,
// upper-case digits included.
func ParseDigest(s string) (Digest, error) {
	digits, ok := strings.CutPrefix(s, "sha256:")
	raw, err := hex.DecodeString(digits)
	if !ok || err != nil || len(raw) != sha256.Size || digits != strings.ToLower(digits) {
		return "", fmt.Errorf("parse digest %q: %w", clip(s, 80), ErrDigest)
	}
	return Digest(s), nil
}

// Hex returns the digits of the digest without the name of the algorithm.
func (d Digest) Hex() string { return strings.TrimPrefix(string(d), "sha256:") }

// Artifact is one thing that can be inspected: a file, or a member of one.
type Artifact struct {
	// Name is the path as the user gave it, with slashes. Names come from hostile input: print them escaped.
	Name string
	// Digest is the SHA-256 of the whole content; empty when it was not computed.
	Digest Digest
	// Declared is the SHA-256 that the place where the content lives says it has; empty when it says none. It is checked only
	// when Digest was computed; a difference is a failure of the scan.
	Declared Digest
	// Size is the number of bytes, or -1 when it is not known.
	Size int64
	// Format is the name of the format that the content has, never the one that its name claims. See package format.
	Format string
	// MediaType is the media type of that format.
	MediaType string
	// Parent is the artifact that contains this one; nil for a file.
	Parent *Artifact
}

// clip shortens s to at most n bytes for use in a message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}
