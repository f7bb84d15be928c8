package evidence

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/picketsec/picket"
)

// Form is how a model signature is written. The zero value is the one of the specification, and signs the identity.
type Form struct {
	Serialization
	// Python writes what the Python tool model_signing verifies by itself: resources in its order, "." for a single file, its
	// names for hashes. Without it that tool still verifies folders that are signed by whole files with SHA-256 or BLAKE3.
	Python bool
}

// SignModel makes an OpenSSF Model Signing v1.0 bundle that this package and the Python tool both verify. Resources are in
// the order of the specification, so that the signed root digest is the identity of the tree.
func SignModel(ctx context.Context, m *Manifest, signer Signer) (*Bundle, error) {
	statement, err := ModelStatement(m, Form{})
	if err != nil {
		return nil, err
	}
	return Sign(ctx, statement, signer)
}

// ModelStatement encodes the manifest as the statement of an OpenSSF Model Signing v1.0 bundle, for Sign. A form with
// another serialization needs content that was hashed for it, see Options.Also. The error wraps ErrEmpty when no file would
// be covered, and ErrUnsupported when the Python tool could not read what is to be written for it.
func ModelStatement(m *Manifest, form Form) ([]byte, error) {
	form.Serialization = form.normal()
	resources, err := form.resources(m)
	if err != nil {
		return nil, fmt.Errorf("sign model: %w", err)
	}
	predicate := form.predicate(m, resources)
	statement, err := NewStatement(m.Name, rootDigest(resources), PredicateModelSignature, predicate)
	if err != nil {
		return nil, fmt.Errorf("sign model: %w", err)
	}
	return statement, nil
}

// resources are what is signed, under the names and in the order of the form.
func (f Form) resources(m *Manifest) ([]Resource, error) {
	list, ok := m.As(f.Serialization)
	switch {
	case !ok:
		return nil, fmt.Errorf("the content was not hashed for %s", f.Serialization)
	case len(list) == 0:
		return nil, ErrEmpty
	}
	resources := slices.Clone(list)
	if m.File && !f.Python && validName(m.Name) && !strings.Contains(m.Name, "/") {
		for i := range resources {
			resources[i].Name = f.rename(resources[i].Name, m.Name)
		}
		sortResources(resources)
	}
	if f.Python {
		resources = f.pythonOrder(resources)
		if err := f.checkPython(resources); err != nil {
			return nil, err
		}
	}
	return resources, checkResources(resources, f.Serialization)
}

// checkPython refuses what the Python tool cannot read.
func (f Form) checkPython(resources []Resource) error {
	if f.ShardSize <= 0 {
		return nil
	}
	if f.Hash == HashBLAKE3 {
		return fmt.Errorf("the Python tool has no shards with blake3; sign whole files, or without --compat python: %w", ErrUnsupported)
	}
	for _, r := range resources {
		if strings.Count(r.Name, ":") != 2 {
			return fmt.Errorf("the Python tool reads no shards of a file whose name has a colon, %q; sign whole files: %w", clip(r.Name), ErrUnsupported)
		}
	}
	return nil
}

// predicate is the predicate of the specification.
func (f Form) predicate(m *Manifest, resources []Resource) any {
	type serialization struct {
		Method        string   `json:"method"`
		HashType      Hash     `json:"hash_type"`
		ShardSize     int64    `json:"shard_size,omitempty"`
		AllowSymlinks bool     `json:"allow_symlinks"`
		IgnorePaths   []string `json:"ignore_paths,omitempty"`
	}
	type resource struct {
		Name      string `json:"name"`
		Algorithm string `json:"algorithm"`
		Digest    string `json:"digest"`
	}
	how := serialization{Method: "files", HashType: f.Hash, ShardSize: f.ShardSize, AllowSymlinks: m.linked, IgnorePaths: m.ignore}
	algorithm := string(f.Hash)
	if f.ShardSize > 0 {
		how.Method = "shards"
	}
	if f.Python && f.ShardSize > 0 {
		algorithm = f.pythonAlgorithm()
	}
	if f.Python && f.Hash == HashBLAKE2b {
		how.HashType = "blake2" // the name by which that tool finds the hash again
	}
	list := make([]resource, 0, len(resources))
	for _, r := range resources {
		_, digits, _ := strings.Cut(string(r.Digest), ":")
		list = append(list, resource{r.Name, algorithm, digits})
	}
	return struct {
		Serialization serialization `json:"serialization"`
		Resources     []resource    `json:"resources"`
	}{how, list}
}

// pythonAlgorithm is what the Python tool calls the hash of a shard.
func (s Serialization) pythonAlgorithm() string {
	return string(s.Hash) + "-sharded-" + strconv.FormatInt(s.ShardSize, 10)
}

// ModelSignature is the content of a verified OpenSSF Model Signing bundle.
type ModelSignature struct {
	Name          string        // of the model when it was signed; tells people what was meant, decides nothing
	Root          picket.Digest // over the resources in the order in which the signature lists them
	Resources     []Resource
	Serialization Serialization // how the resources were made
	IgnorePaths   []string      // what the signer left out; the operator must agree, see Compare
	AllowSymlinks bool          // the signer followed symbolic links; the operator must allow that again
	// Unsigned are files and folders that are there and that the signature does not cover; Compare sets it. Empty files are
	// among them when shards were signed.
	Unsigned []string
}

// VerifyModel checks that key signed the bundle and that the bundle is a consistent manifest. It does not look at the
// content: hash that with Options and give the result to Compare. Errors wrap ErrMalformed, ErrUnsupported, ErrSignature
// or ErrEmpty.
func VerifyModel(bundle []byte, key *PublicKey) (*ModelSignature, error) {
	b, err := ParseBundle(bundle)
	if err != nil {
		return nil, err
	}
	payload, err := b.Verify(key)
	if err != nil {
		return nil, err
	}
	return ModelPayload(payload)
}

// ModelPayload reads the payload of a bundle whose signature holds.
func ModelPayload(payload []byte) (*ModelSignature, error) {
	statement, err := ParseStatement(payload)
	if err != nil {
		return nil, err
	}
	sig, err := ParseModelSignature(statement)
	if err != nil {
		return nil, fmt.Errorf("read model signature: %w", err)
	}
	return sig, nil
}

// Options prepares options for hashing what the signature covers, in the way in which it was made.
func (s *ModelSignature) Options(opts Options) Options {
	opts.keep = map[string]bool{}
	opts.listed = nil
	if opts.ListedOnly {
		opts.listed = map[string]bool{}
	}
	for _, r := range s.Resources {
		p, _, _, err := s.Serialization.splitName(r.Name)
		if err != nil {
			continue
		}
		first, _, _ := strings.Cut(p, "/")
		opts.keep[first] = true // the signer covered a name that is left out by default
		if opts.ListedOnly {
			opts.listed[p] = true
		}
	}
	// A signer who recorded what was left out, but not git's names, covered those.
	if len(s.IgnorePaths) > 0 && !slices.ContainsFunc(gitNames(), func(n string) bool { return slices.Contains(s.IgnorePaths, n) }) {
		opts.GitNames = true
	}
	if !s.Serialization.Identity() {
		opts.Also = append(slices.Clone(opts.Also), s.Serialization)
	}
	return opts
}
