package evidence

import (
	"context"
	"fmt"
	"strings"

	"github.com/picketsec/picket"
)

// ModelSignature is the content of a verified OpenSSF Model Signing bundle.
type ModelSignature struct {
	Name          string        // of the model when it was signed; tells people what was meant, decides nothing
	Root          picket.Digest // over the resources in the order in which the signature lists them
	Resources     []Resource
	IgnorePaths   []string // what the signer left out; the operator must agree, see Compare
	AllowSymlinks bool     // the signer followed symbolic links; the operator must allow that again
}

// SignModel makes an OpenSSF Model Signing v1.0 bundle that this package and the Python tool both verify. Resources are in
// the order of the specification, so that the signed root digest is the identity of the tree.
func SignModel(ctx context.Context, m *Manifest, signer Signer) (*Bundle, error) {
	if len(m.Resources) == 0 {
		return nil, fmt.Errorf("sign model: %w", ErrEmpty)
	}
	if err := CheckResources(m.Resources); err != nil {
		return nil, fmt.Errorf("sign model: %w", err)
	}
	statement, err := NewStatement(m.Name, rootDigest(m.Resources), PredicateModelSignature, modelPredicate(m))
	if err != nil {
		return nil, fmt.Errorf("sign model: %w", err)
	}
	return Sign(ctx, statement, signer)
}

// modelPredicate is the predicate of the specification for a manifest.
func modelPredicate(m *Manifest) any {
	type serialization struct {
		Method        string   `json:"method"`
		HashType      string   `json:"hash_type"`
		AllowSymlinks bool     `json:"allow_symlinks"`
		IgnorePaths   []string `json:"ignore_paths,omitempty"`
	}
	type resource struct {
		Name      string `json:"name"`
		Algorithm string `json:"algorithm"`
		Digest    string `json:"digest"`
	}
	list := make([]resource, 0, len(m.Resources))
	for _, r := range m.Resources {
		list = append(list, resource{r.Name, "sha256", r.Digest.Hex()})
	}
	return struct {
		Serialization serialization `json:"serialization"`
		Resources     []resource    `json:"resources"`
	}{serialization{"files", "sha256", m.linked, m.ignore}, list}
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

// Options prepares options for hashing what the signature covers.
func (s *ModelSignature) Options(opts Options) Options {
	opts.keep = map[string]bool{}
	for _, r := range s.Resources {
		first, _, _ := strings.Cut(r.Name, "/")
		opts.keep[first] = true // the signer covered a name that is left out by default
	}
	return opts
}

// Compare returns every way in which content differs from what was signed. A file that only the signer left out is a
// difference too: a signature that exempts a file says nothing about it, and must not decide that nobody asks.
func (s *ModelSignature) Compare(found *Manifest) []Difference {
	claimed := s.Resources
	if found.File && len(claimed) == 1 && !strings.Contains(claimed[0].Name, "/") {
		// The specification uses the name of the file, the Python tool "."; the name of a single file is not part of it.
		claimed = []Resource{{Name: ".", Digest: claimed[0].Digest}}
	}
	diffs := Diff(claimed, found.Resources)
	for i, d := range diffs {
		if d.Kind == Extra && under(d.Name, s.IgnorePaths) {
			diffs[i].Kind = Unsigned
		}
	}
	return diffs
}

// ParseModelSignature reads the predicate of a statement whose signature holds. Unknown fields are passed over, as the specification demands.
func ParseModelSignature(st *Statement) (*ModelSignature, error) {
	if st.PredicateType != PredicateModelSignature {
		return nil, fmt.Errorf("predicate type %q: %w; only %s is", clip(st.PredicateType), ErrUnsupported, PredicateModelSignature)
	}
	predicate, err := parseObject("predicate", st.Predicate)
	if err != nil {
		return nil, err
	}
	sig := &ModelSignature{Name: st.Name, Root: st.Subject}
	serialization, err := predicate.object("serialization")
	if err != nil {
		return nil, err
	}
	if err := sig.readSerialization(serialization); err != nil {
		return nil, err
	}
	resources, err := predicate.objects("resources", maxResources)
	if err != nil {
		return nil, err
	}
	if err := sig.readResources(resources); err != nil {
		return nil, err
	}
	return sig, sig.check()
}

// readSerialization reads how the resources were made.
func (s *ModelSignature) readSerialization(o *object) error {
	var method, hash string
	if err := o.take("method", &method); err != nil {
		return err
	}
	if method != "files" {
		return fmt.Errorf("serialization method %q: %w; only \"files\" is", clip(method), ErrUnsupported)
	}
	if err := o.take("hash_type", &hash); err != nil {
		return err
	}
	if hash != "sha256" {
		return fmt.Errorf("hash type %q: %w; only \"sha256\" is", clip(hash), ErrUnsupported)
	}
	if err := o.maybe("allow_symlinks", &s.AllowSymlinks); err != nil {
		return err
	}
	return o.maybe("ignore_paths", &s.IgnorePaths)
}

// readResources reads the list of files.
func (s *ModelSignature) readResources(list []*object) error {
	s.Resources = make([]Resource, 0, len(list))
	for _, o := range list {
		var name, algorithm, hex string
		if err := o.take("name", &name); err != nil {
			return err
		}
		if err := o.take("algorithm", &algorithm); err != nil {
			return err
		}
		if algorithm != "sha256" {
			return fmt.Errorf("algorithm %q of %q: %w; only \"sha256\" is", clip(algorithm), clip(name), ErrUnsupported)
		}
		if err := o.take("digest", &hex); err != nil {
			return err
		}
		digest, err := picket.ParseDigest("sha256:" + hex)
		if err != nil {
			return fmt.Errorf("digest of %q: %w: %w", clip(name), err, ErrMalformed)
		}
		s.Resources = append(s.Resources, Resource{Name: name, Digest: digest, Size: -1})
	}
	return nil
}

// check makes sure that the manifest agrees with itself. The order of resources is the signer's: the specification and the
// Python tool sort differently, and the root digest says which order was meant.
func (s *ModelSignature) check() error {
	if len(s.Resources) == 0 {
		return ErrEmpty
	}
	if err := CheckResources(s.Resources); err != nil {
		return err
	}
	for _, r := range s.Resources {
		if r.Name != "." && under(r.Name, s.IgnorePaths) {
			return fmt.Errorf("resource %q is listed and ignored at the same time: %w", clip(r.Name), ErrMalformed)
		}
	}
	if got := rootDigest(s.Resources); got != s.Root || got == "" {
		return fmt.Errorf("the subject %s is not the root of the listed resources, %s: %w", s.Root, got, ErrMalformed)
	}
	return nil
}
