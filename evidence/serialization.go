package evidence

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/zeebo/blake3"
	"golang.org/x/crypto/blake2b"

	"github.com/picketsec/picket"
)

// Hash names a hash function as OpenSSF Model Signing records it.
type Hash string

// The hash functions of the specification. The identity of content is always made with SHA-256.
const (
	HashSHA256  Hash = "sha256"
	HashBLAKE2b Hash = "blake2b" // 64 bytes
	HashBLAKE3  Hash = "blake3"  // 32 bytes
)

// ParseHash reads the name of a hash function. The Python tool calls BLAKE2b "blake2" on its command line and in its API.
func ParseHash(name string) (Hash, error) {
	switch h := Hash(name); h {
	case HashSHA256, HashBLAKE2b, HashBLAKE3:
		return h, nil
	case "blake2":
		return HashBLAKE2b, nil
	}
	return "", fmt.Errorf("hash %q: %w; sha256, blake2b and blake3 are", clip(name), ErrUnsupported)
}

// size is the length of a digest in bytes.
func (h Hash) size() int {
	if h == HashBLAKE2b {
		return blake2b.Size
	}
	return sha256.Size
}

// new makes a hash.
func (h Hash) new() hash.Hash {
	switch h {
	case HashBLAKE2b:
		b, err := blake2b.New512(nil)
		if err != nil {
			return nil // only with a key that is too long
		}
		return b
	case HashBLAKE3:
		return blake3.New()
	}
	return sha256.New()
}

// digest is the text form of a sum.
func (h Hash) digest(sum []byte) picket.Digest {
	return picket.Digest(string(h) + ":" + hex.EncodeToString(sum))
}

// parse reads the lower-case digits of a digest.
func (h Hash) parse(digits string) (picket.Digest, error) {
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw) != h.size() || digits != strings.ToLower(digits) {
		return "", fmt.Errorf("%q is not %d lower-case hexadecimal digits: %w", clip(digits), 2*h.size(), ErrMalformed)
	}
	return picket.Digest(string(h) + ":" + digits), nil
}

// rawDigest are the bytes of a digest of any hash; false when it is none.
func rawDigest(d picket.Digest) ([]byte, bool) {
	name, digits, _ := strings.Cut(string(d), ":")
	h, err := ParseHash(name)
	if err != nil {
		return nil, false
	}
	raw, err := hex.DecodeString(digits)
	return raw, err == nil && len(raw) == h.size()
}

// DefaultShardSize is the size in bytes of the shards that the specification's tools make.
const DefaultShardSize = 1_000_000_000

// Serialization is how content becomes a list of resources. The zero value is the one of the identity: whole files, SHA-256.
type Serialization struct {
	Hash Hash // empty: SHA-256
	// ShardSize is the number of bytes that each resource covers; 0: each covers a whole file. Shards leave out empty files.
	ShardSize int64
}

// normal is the one form of a serialization, fit for comparing.
func (s Serialization) normal() Serialization {
	s.Hash = cmp.Or(s.Hash, HashSHA256)
	return s
}

// Identity reports whether this is how the identity of content is made.
func (s Serialization) Identity() bool { return s.normal() == Serialization{Hash: HashSHA256} }

// String describes the serialization for people.
func (s Serialization) String() string {
	if s.ShardSize > 0 {
		return fmt.Sprintf("shards of %d bytes, %s", s.ShardSize, s.normal().Hash)
	}
	return fmt.Sprintf("files, %s", s.normal().Hash)
}

// check refuses what cannot be computed.
func (s Serialization) check() error {
	if _, err := ParseHash(string(s.normal().Hash)); err != nil {
		return err
	}
	if s.ShardSize < 0 {
		return fmt.Errorf("a shard size of %d bytes: %w", s.ShardSize, ErrMalformed)
	}
	return nil
}

// count is how many resources a file of that size has.
func (s Serialization) count(size int64) int64 {
	if s.ShardSize <= 0 {
		return 1
	}
	return size/s.ShardSize + min(size%s.ShardSize, 1)
}

// splitName takes the path from the name of a resource; for a shard start and end are its range of bytes.
func (s Serialization) splitName(name string) (path string, start, end int64, err error) {
	if s.ShardSize <= 0 {
		return name, 0, 0, nil
	}
	// The path itself may hold colons.
	rest, last, ok := cutLast(name)
	path, first, ok2 := cutLast(rest)
	start, err1 := parseOffset(first)
	end, err2 := parseOffset(last)
	if !ok || !ok2 || err1 != nil || err2 != nil {
		return "", 0, 0, fmt.Errorf("shard %q is not of the form PATH:START:END: %w", clip(name), ErrMalformed)
	}
	if start >= end || end-start > s.ShardSize || start%s.ShardSize != 0 {
		return "", 0, 0, fmt.Errorf("shard %q is not a range of %d bytes: %w", clip(name), s.ShardSize, ErrMalformed)
	}
	return path, start, end, nil
}

// shardName is the name of the resource for a range of a file.
func shardName(path string, start, end int64) string {
	return path + ":" + strconv.FormatInt(start, 10) + ":" + strconv.FormatInt(end, 10)
}

// rename replaces the path in the name of a resource.
func (s Serialization) rename(name, path string) string {
	_, start, end, err := s.splitName(name)
	if s.ShardSize <= 0 || err != nil {
		return path
	}
	return shardName(path, start, end)
}

// cutLast cuts around the last colon.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// parseOffset reads the one decimal form of a number that is not negative.
func parseOffset(digits string) (int64, error) {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != digits || n < 0 {
		return 0, fmt.Errorf("offset %q: %w", clip(digits), ErrMalformed)
	}
	return n, nil
}

// parseShardSize reads a size in bytes. The Python tool writes whole numbers as 8.0.
func parseShardSize(number string) (int64, error) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		f, ferr := strconv.ParseFloat(number, 64)
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return 0, fmt.Errorf("shard_size %q is not a whole number: %w", clip(number), ErrMalformed)
		}
		n = int64(f)
	}
	if n <= 0 {
		return 0, fmt.Errorf("a shard_size of %d bytes: %w", n, ErrMalformed)
	}
	return n, nil
}

// pythonOrder brings resources into the order of the Python tool: by the elements of the path, then by the offset.
func (s Serialization) pythonOrder(resources []Resource) []Resource {
	type key struct {
		path  []string
		start int64
		of    Resource
	}
	keys := make([]key, 0, len(resources))
	for _, r := range resources {
		path, start, _, err := s.splitName(r.Name)
		if err != nil {
			path = r.Name
		}
		keys = append(keys, key{strings.Split(path, "/"), start, r})
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(slices.Compare(a.path, b.path), cmp.Compare(a.start, b.start))
	})
	ordered := make([]Resource, 0, len(keys))
	for _, k := range keys {
		ordered = append(ordered, k.of)
	}
	return ordered
}
