// Package referrers keeps claims in container registries, as OCI referrers of the image or model that they are about: one
// manifest for each Sigstore bundle, found by the referrers API or by the tag that the specification falls back on. It is for
// commands that share claims with whoever pulls the content.
//
// A registry is taken for hostile: what it sends is bounded, digests are checked, and addresses in what it sends are not
// followed. Nothing is verified beyond that: a claim counts for nothing before claim.Gather says so, and a registry can hold
// claims back without anyone noticing, unless someone kept a head of them.
package referrers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/evidence"
)

// ArtifactType is the type of a referrer that holds a claim, and of its one layer.
const ArtifactType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// The empty configuration of an artifact, as the image specification defines it.
const (
	emptyType = "application/vnd.oci.empty.v1+json"
	emptyJSON = "{}"
)

// maxBroken is how many referrers may fail before nothing more is asked for. Each failure may take the client several tries and
// seconds, and a list holds ten thousand.
const maxBroken = 20

// ErrRegistry is wrapped by errors about what a registry sent.
var ErrRegistry = errors.New("the registry sent something else")

// Options say who asks.
type Options struct {
	Auth      authn.Authenticator // nil for nobody
	Transport http.RoundTripper   // nil for the default one
}

// remote are the options of the client.
func (o Options) remote(ctx context.Context) []remote.Option {
	auth, transport := o.Auth, o.Transport
	if auth == nil {
		auth = authn.Anonymous
	}
	if transport == nil {
		transport = remote.DefaultTransport
	}
	return []remote.Option{remote.WithContext(ctx), remote.WithAuth(auth), remote.WithTransport(bounded{transport}),
		remote.WithUserAgent("picket"), remote.WithJobs(2)}
}

// bounded cuts every answer off at the size of the largest thing that is ever asked for.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, evidence.MaxBundle+1), answer.Body}
	}
	return answer, err
}

// ParseName reads registry/repository[:tag|@sha256:digest], with oci:// before it or without. With plain a registry is spoken to
// without encryption, as one on this machine always is.
func ParseName(text string, plain bool) (name.Reference, error) {
	var options []name.Option
	if plain {
		options = append(options, name.Insecure)
	}
	ref, err := name.ParseReference(strings.TrimPrefix(text, "oci://"), options...)
	if err != nil {
		return nil, fmt.Errorf("read oci name %q: write registry/repository[:tag|@sha256:digest]", picket.Printable(text, 200))
	}
	return ref, nil
}

// manifest is one that was made here or is to be put.
type manifest []byte

func (m manifest) RawManifest() ([]byte, error) { return m, nil }

func (m manifest) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// Push attaches bundles to what a reference names, and returns the digest of that. A bundle that is there already stays the one
// that it is.
func Push(ctx context.Context, ref name.Reference, bundles []*evidence.Bundle, o Options) (picket.Digest, error) {
	options := o.remote(ctx)
	subject, err := remote.Get(ref, options...)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", ref, clean(err))
	}
	about := v1.Descriptor{MediaType: subject.MediaType, Size: subject.Size, Digest: subject.Digest}
	for i, b := range bundles {
		if err := push(ref.Context(), about, b, options); err != nil {
			return "", fmt.Errorf("push claim %d of %d to %s: %w", i+1, len(bundles), ref.Context(), clean(err))
		}
	}
	return picket.Digest(subject.Digest.String()), nil
}

// push attaches one bundle.
func push(repo name.Repository, about v1.Descriptor, b *evidence.Bundle, options []remote.Option) error {
	line, err := b.Marshal()
	if err != nil {
		return err
	}
	layers := []v1.Layer{static.NewLayer([]byte(emptyJSON), emptyType), static.NewLayer(line, ArtifactType)}
	var descriptors []v1.Descriptor
	for i, layer := range layers {
		digest, err := layer.Digest()
		if err != nil {
			return err
		}
		if err := remote.WriteLayer(repo, layer, options...); err != nil {
			return err
		}
		descriptors = append(descriptors, v1.Descriptor{MediaType: types.MediaType([]string{emptyType, ArtifactType}[i]), Digest: digest,
			Size: []int64{int64(len(emptyJSON)), int64(len(line))}[i]})
	}
	raw, err := json.Marshal(v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: ArtifactType,
		Config: descriptors[0], Layers: descriptors[1:], Subject: &about})
	if err != nil {
		return err
	}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return remote.Put(repo.Digest(digest.String()), manifest(raw), options...)
}

// Pulled is what a registry holds about something.
type Pulled struct {
	Subject picket.Digest // of the manifest that the claims are attached to
	Bundles []*evidence.Bundle
	// Broken says what was attached as a claim and cannot be read, one error each.
	Broken []error
}

// Pull reads all claims that are attached to what a reference names, in the order of their digests.
func Pull(ctx context.Context, ref name.Reference, o Options) (*Pulled, error) {
	options := o.remote(ctx)
	subject, err := remote.Get(ref, options...)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", ref, clean(err))
	}
	p := &Pulled{Subject: picket.Digest(subject.Digest.String())}
	index, err := remote.Referrers(ref.Context().Digest(subject.Digest.String()), options...)
	if err != nil {
		return nil, fmt.Errorf("list claims about %s: %w", ref, clean(err))
	}
	list, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("list claims about %s: %w: %w", ref, ErrRegistry, clean(err))
	}
	if len(list.Manifests) > claimstore.MaxClaims {
		return nil, fmt.Errorf("list claims about %s: %w: %d referrers, more than %d", ref, ErrRegistry, len(list.Manifests), claimstore.MaxClaims)
	}
	slices.SortFunc(list.Manifests, func(a, b v1.Descriptor) int { return strings.Compare(a.Digest.String(), b.Digest.String()) })
	left := int64(claimstore.MaxBytes)
	for _, d := range list.Manifests {
		if d.ArtifactType != "" && d.ArtifactType != ArtifactType && d.ArtifactType != emptyType {
			continue // somebody else's, such as a signature of another kind
		}
		bundle, size, err := pull(ref.Context(), subject.Digest, d.Digest, left, options)
		left -= size
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case left < 0:
			return nil, fmt.Errorf("read claims about %s: %w: more than %d bytes", ref, ErrRegistry, claimstore.MaxBytes)
		case err != nil && len(p.Broken) == maxBroken:
			return nil, fmt.Errorf("read claims about %s: more than %d referrers cannot be read: %w", ref, maxBroken, clean(err))
		case err != nil:
			p.Broken = append(p.Broken, fmt.Errorf("referrer %s: %w", d.Digest, clean(err)))
		case bundle != nil:
			p.Bundles = append(p.Bundles, bundle)
		}
	}
	return p, nil
}

// pull reads one referrer, and says how many bytes it is; nil when it holds no claim.
func pull(repo name.Repository, subject, digest v1.Hash, left int64, options []remote.Option) (*evidence.Bundle, int64, error) {
	got, err := remote.Get(repo.Digest(digest.String()), options...) // which checks the digest
	if err != nil {
		return nil, 0, err
	}
	size := int64(len(got.Manifest))
	m, err := v1.ParseManifest(bytes.NewReader(got.Manifest))
	if err != nil {
		return nil, size, fmt.Errorf("%w: %w", ErrRegistry, err)
	}
	switch {
	case m.ArtifactType != ArtifactType && (len(m.Layers) != 1 || m.Layers[0].MediaType != ArtifactType):
		return nil, size, nil
	case m.Subject == nil || m.Subject.Digest != subject:
		return nil, size, fmt.Errorf("%w: it is attached to something else", ErrRegistry)
	case len(m.Layers) != 1:
		return nil, size, fmt.Errorf("%w: it has %d layers, not one bundle", ErrRegistry, len(m.Layers))
	case m.Layers[0].Size > evidence.MaxBundle || m.Layers[0].Size > left:
		return nil, size, fmt.Errorf("%w: a bundle of %d bytes is more than is read", ErrRegistry, m.Layers[0].Size)
	}
	layer, err := remote.Layer(repo.Digest(m.Layers[0].Digest.String()), options...)
	if err != nil {
		return nil, size, err
	}
	data, err := readLayer(layer)
	size += int64(len(data))
	if err != nil {
		return nil, size, err
	}
	bundle, err := evidence.ParseBundle(data)
	return bundle, size, err
}

// readLayer reads a blob, whose digest is checked at its end.
func readLayer(layer v1.Layer) (data []byte, err error) {
	r, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	data, err = io.ReadAll(io.LimitReader(r, evidence.MaxBundle+1))
	if err == nil && len(data) > evidence.MaxBundle {
		err = fmt.Errorf("%w: a bundle of more than %d bytes", ErrRegistry, evidence.MaxBundle)
	}
	return data, err
}

// clean bounds the text of an error that may hold what the registry sent.
func clean(err error) error { return answer{err} }

// answer is an error with a bounded text.
type answer struct{ err error }

// Error implements error.
func (a answer) Error() string { return picket.Printable(a.err.Error(), 500) }

// Unwrap gives access to the cause.
func (a answer) Unwrap() error { return a.err }
