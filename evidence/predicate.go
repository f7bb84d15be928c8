package evidence

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
)

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
	if err := predicate.each("resources", maxResources, sig.readResource); err != nil {
		return nil, err
	}
	return sig, sig.check()
}

// readSerialization reads how the resources were made.
func (s *ModelSignature) readSerialization(o *object) error {
	var method, name string
	if err := o.take("method", &method); err != nil {
		return err
	}
	if err := o.take("hash_type", &name); err != nil {
		return err
	}
	switch method {
	case "files":
	case "shards":
		var number json.Number
		if err := o.take("shard_size", &number); err != nil {
			return err
		}
		size, err := parseShardSize(number.String())
		if err != nil {
			return err
		}
		s.Serialization.ShardSize = size
		name = strings.TrimSuffix(name, "-sharded-"+strconv.FormatInt(size, 10)) // the Python tool before release 1.1
	default:
		return fmt.Errorf("serialization method %q: %w; only \"files\" and \"shards\" are", clip(method), ErrUnsupported)
	}
	hash, err := ParseHash(name)
	if err != nil {
		return err
	}
	s.Serialization.Hash = hash
	if err := o.maybe("allow_symlinks", &s.AllowSymlinks); err != nil {
		return err
	}
	return s.readIgnored(o)
}

// readIgnored reads what the signer left out. The Python tool writes what its user wrote.
func (s *ModelSignature) readIgnored(o *object) error {
	var paths []string
	if err := o.maybe("ignore_paths", &paths); err != nil {
		return err
	}
	for _, p := range paths {
		if len(p) > maxText {
			return fmt.Errorf("%s.ignore_paths has a path of %d bytes: %w", o.path, len(p), ErrMalformed)
		}
		s.IgnorePaths = append(s.IgnorePaths, path.Clean(p))
	}
	return nil
}

// readResource reads one file or shard.
func (s *ModelSignature) readResource(o *object) error {
	how := s.Serialization
	var name, algorithm, digits string
	if err := o.take("name", &name); err != nil {
		return err
	}
	if err := o.take("algorithm", &algorithm); err != nil {
		return err
	}
	sharded := how.ShardSize > 0 && algorithm == how.pythonAlgorithm()
	if plain, err := ParseHash(algorithm); !sharded && (err != nil || plain != how.Hash) {
		return fmt.Errorf("algorithm %q of %q is not that of %s: %w", clip(algorithm), clip(name), how, ErrUnsupported)
	}
	if err := o.take("digest", &digits); err != nil {
		return err
	}
	digest, err := how.Hash.parse(digits)
	if err != nil {
		return fmt.Errorf("digest of %q: %w", clip(name), err)
	}
	s.Resources = append(s.Resources, Resource{Name: name, Digest: digest, Size: -1})
	return nil
}

// check makes sure that the manifest agrees with itself. The order of resources is the signer's: the specification and the
// Python tool sort differently, and the root digest says which order was meant.
func (s *ModelSignature) check() error {
	if len(s.Resources) == 0 {
		return ErrEmpty
	}
	if err := checkResources(s.Resources, s.Serialization); err != nil {
		return err
	}
	for _, r := range s.Resources {
		p, _, _, err := s.Serialization.splitName(r.Name)
		if err == nil && p != "." && under(p, s.IgnorePaths) {
			return fmt.Errorf("resource %q is listed and ignored at the same time: %w", clip(r.Name), ErrMalformed)
		}
	}
	if got := rootDigest(s.Resources); got != s.Root || got == "" {
		return fmt.Errorf("the subject %s is not the root of the listed resources, %s: %w", s.Root, got, ErrMalformed)
	}
	return nil
}
