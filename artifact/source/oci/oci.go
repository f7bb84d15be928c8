// Package oci is the source of artifacts in container registries: models as CNCF ModelPack, KitOps, Docker and Ollama store
// them, files that ORAS pushed, and ordinary images. Every blob of a manifest becomes an artifact, named as its annotations say;
// layers that are archives are inspected as such, never unpacked. The digests of the registry are declared, so content that is
// read as a whole is verified. It follows no addresses of foreign layers, runs no credential helpers and pushes nothing.
package oci

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
)

// Bounds of what a registry may answer.
const (
	maxManifest = 4 << 20 // bytes of a manifest, as registries limit them
	maxChildren = 64      // manifests of one place
	maxNesting  = 3       // indexes inside of indexes
)

// Options say who asks.
type Options struct {
	Fetch fetch.Options
	Login Login
	Plain bool // the operator asked for a registry without encryption by name
}

// Image is a place: what a reference names in a registry.
type Image struct {
	ref    name.Reference
	site   string
	client *fetch.Client
	access *access

	manifests int // that were read
}

// ParseName reads oci://registry/repository[:tag|@digest].
func ParseName(uri string) (name.Reference, error) {
	rest, ok := strings.CutPrefix(uri, "oci://")
	if !ok {
		return nil, errors.New("read oci name: it does not begin with oci://")
	}
	ref, err := name.ParseReference(rest)
	if err != nil || strings.ContainsAny(rest, "?#") {
		return nil, fmt.Errorf("read oci name %q: write oci://registry/repository[:tag|@sha256:digest]", clip(rest))
	}
	return ref, nil
}

// clip shortens text that is not ours.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

// New makes the place for a reference.
func New(o Options, ref name.Reference) (*Image, error) {
	scheme := "https"
	if registry, err := url.Parse("http://" + ref.Context().RegistryStr()); err == nil && (o.Plain || !source.Plain(registry)) {
		scheme = "http" // asked for, or on this machine
	}
	i := &Image{ref: ref, site: scheme + "://" + ref.Context().RegistryStr()}
	i.access = &access{image: i, login: o.Login}
	client, err := fetch.New(o.Fetch, fetch.Site{URL: i.site, Plain: o.Plain, Hosts: []string{"*"}, Sign: i.access.sign})
	if err != nil {
		return nil, fmt.Errorf("reach registry %s: %w", ref.Context().RegistryStr(), err)
	}
	i.client = client
	return i, nil
}

// List implements source.Place.
func (i *Image) List(ctx context.Context) (*source.Listing, error) {
	l, err := i.list(ctx)
	if err != nil {
		return nil, errors.Join(err, i.client.Close())
	}
	l.Hold(i.client)
	return l, nil
}

// list reads the manifest and what it leads to.
func (i *Image) list(ctx context.Context) (*source.Listing, error) {
	if err := i.access.begin(ctx); err != nil {
		return nil, i.explain("reach registry "+i.ref.Context().RegistryStr(), err)
	}
	base := "oci://" + i.ref.Context().Name() + "/"
	l := &source.Listing{Base: base}
	tree := source.NewTree(ctx, base)
	digest, err := i.manifest(ctx, i.ref.Identifier(), "", 0, tree, l)
	if err != nil {
		return nil, err
	}
	l.Target = "oci://" + i.ref.Context().Name() + "@" + string(digest)
	if _, pinned := i.ref.(name.Digest); !pinned {
		l.Findings = append(l.Findings, source.Unpinned("the tag "+i.ref.Identifier(), l.Target))
	}
	if u, err := url.Parse(i.site); err == nil && source.Plain(u) {
		l.Findings = append(l.Findings, source.Unencrypted(i.site))
	}
	l.Items = tree.Items("")
	return l, nil
}

// accept lists the kinds of manifests.
const accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, " +
	"application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json"

// manifest reads one manifest, checks its digest and adds its blobs, or those of the manifests that it lists, under a folder.
func (i *Image) manifest(ctx context.Context, id, folder string, depth int, tree *source.Tree, l *source.Listing) (picket.Digest, error) {
	what := "read manifest " + i.ref.Context().Name() + " " + id
	if i.manifests++; i.manifests > maxChildren || depth > maxNesting {
		return "", fmt.Errorf("%s: there are more than %d manifests, or they nest deeper than %d; name one by its digest", what, maxChildren, maxNesting)
	}
	a, err := i.client.Get(ctx, i.address("manifests", id), http.Header{"Accept": {accept}}, maxManifest)
	if err != nil {
		return "", i.explain(what, err)
	}
	digest := picket.SHA256(sha256.Sum256(a.Body))
	if strings.Contains(id, ":") && string(digest) != id {
		return "", fmt.Errorf("%s: the registry gives another manifest, %s", what, digest)
	}
	media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	var both struct {
		Layers    json.RawMessage `json:"layers"`
		Manifests json.RawMessage `json:"manifests"`
	}
	if json.Unmarshal(a.Body, &both) == nil && both.Layers != nil && both.Manifests != nil {
		return "", fmt.Errorf("%s: it is a manifest and an index at once, and clients differ in what they take (CVE-2021-41190)", what)
	}
	if m, err := v1.ParseManifest(bytes.NewReader(a.Body)); err == nil && m.Layers != nil && !strings.Contains(media, "index") && !strings.Contains(media, "list") {
		return digest, i.blobs(m, folder, tree, l)
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(a.Body))
	if err != nil || index.Manifests == nil {
		return "", fmt.Errorf("%s: %q is not a manifest of a known kind", what, clip(media))
	}
	for _, child := range index.Manifests {
		at := folder + label(child)
		if _, err := i.manifest(ctx, child.Digest.String(), at+"/", depth+1, tree, l); err != nil {
			if err := tree.Add(source.Entry{Path: at, Size: child.Size, Open: source.Failing(err)}); err != nil {
				return "", err
			}
		}
	}
	return digest, nil
}

// address is where the registry keeps something of the repository.
func (i *Image) address(kind, id string) string {
	return i.site + "/v2/" + i.ref.Context().RepositoryStr() + "/" + kind + "/" + id
}

// label names a manifest of an index by its platform and digest.
func label(d v1.Descriptor) string {
	short := d.Digest.Hex[:min(12, len(d.Digest.Hex))]
	if d.Platform == nil || d.Platform.OS == "" {
		return short
	}
	return strings.NewReplacer("/", "-", `\`, "-").Replace(d.Platform.OS+"-"+d.Platform.Architecture) + "-" + short
}

// blobs adds the configuration and the layers of a manifest.
func (i *Image) blobs(m *v1.Manifest, folder string, tree *source.Tree, l *source.Listing) error {
	taken := map[string]v1.Hash{}
	for n, d := range append([]v1.Descriptor{m.Config}, m.Layers...) {
		if d.Digest.Hex == "" {
			continue
		}
		p := title(d)
		if err := source.CheckPath(p); p != "" && err != nil {
			l.Findings = append(l.Findings, source.UnsafePath(p))
			p = ""
		}
		if n == 0 && p == "" {
			p = "config.json"
		}
		p, again := unique(taken, p, d)
		if again {
			continue
		}
		taken[p] = d.Digest
		if err := tree.Add(i.entry(folder+p, d)); err != nil {
			return err
		}
	}
	return nil
}

// unique names a blob: as its annotations do, else by the start of its digest, else by all of it. Whoever makes a manifest
// chooses titles and, with some work, what digests begin with, so only the whole digest tells that a blob is there already.
func unique(taken map[string]v1.Hash, title string, d v1.Descriptor) (name string, again bool) {
	head, end := kind(string(d.MediaType))+"-", extension(string(d.MediaType))
	for _, name := range []string{title, head + d.Digest.Hex[:min(12, len(d.Digest.Hex))] + end, head + d.Digest.Hex + end} {
		if had, is := taken[name]; name != "" && !is {
			return name, false
		} else if is && had == d.Digest {
			return name, true
		}
	}
	return head + d.Digest.Hex + end, false // the tree reports that the path is there twice
}

// entry is the file of a blob.
func (i *Image) entry(p string, d v1.Descriptor) source.Entry {
	e := source.Entry{Path: p, Size: d.Size}
	if sum, err := picket.ParseDigest(d.Digest.String()); err == nil {
		e.Declared = sum
	}
	media := string(d.MediaType)
	if len(d.URLs) > 0 || strings.Contains(media, "nondistributable") || strings.Contains(media, ".foreign.") {
		e.Open = source.Failing(errors.New("the layer is kept at another address, which is not followed"))
		return e
	}
	e.Open = fetch.File{Client: i.client, URL: i.address("blobs", d.Digest.String()), Size: d.Size,
		Explain: func(s *fetch.Status) error { return i.explain("read blob "+d.Digest.String(), s) }}.Open
	return e
}

// title is the path of a blob as its annotations give it: those of ModelPack, then that of ORAS.
func title(d v1.Descriptor) string {
	for _, key := range []string{"org.cncf.model.filepath", "org.cnai.model.filepath", "org.opencontainers.image.title"} {
		if t := d.Annotations[key]; t != "" {
			return strings.TrimPrefix(t, "./")
		}
	}
	return ""
}

// kind is a word for a blob without a title, from its media type: "application/vnd.ollama.image.model" is a model.
func kind(media string) string {
	known := []string{"model", "weight", "template", "license", "params", "system", "projector", "adapter", "messages", "dataset", "code", "doc", "config"}
	last := "layer"
	for _, part := range strings.FieldsFunc(media, func(r rune) bool { return r == '.' || r == '+' || r == '/' }) {
		for _, k := range known {
			if part == k || part == k+"s" {
				last = k
			}
		}
	}
	return last
}

// extension is what the names of such content end with, for readers; nothing is decided by it.
func extension(media string) string {
	for _, e := range []struct{ end, extension string }{{"tar+gzip", ".tar.gz"}, {"tar.gzip", ".tar.gz"}, {"tar+zstd", ".tar.zst"}, {"tar", ".tar"},
		{"gguf", ".gguf"}, {"gguf.v3", ".gguf"}, {"safetensors", ".safetensors"}, {"json", ".json"}} {
		if strings.HasSuffix(media, e.end) {
			return e.extension
		}
	}
	return ""
}

// explain turns the answers of a registry into what the reader can do about them.
func (i *Image) explain(what string, err error) error {
	s, ok := errors.AsType[*fetch.Status](err)
	if !ok {
		return fmt.Errorf("%s: %w", what, err)
	}
	registry := i.ref.Context().RegistryStr()
	helper := ""
	if h := i.access.login.helper(registry); h != "" {
		helper = fmt.Sprintf("; the credential helper %q of the Docker configuration is not run: give the login in DOCKER_AUTH_CONFIG", clip(h))
	}
	switch {
	case s.Code == http.StatusUnauthorized && !i.access.known():
		return fmt.Errorf("%s: the registry wants a login, or the repository does not exist: docker login %s%s (%w)", what, registry, helper, err)
	case s.Code == http.StatusUnauthorized || s.Code == http.StatusForbidden:
		return fmt.Errorf("%s: this login has no access%s (%w)", what, helper, err)
	case s.Code == http.StatusNotFound:
		return fmt.Errorf("%s: there is no such repository, tag or digest (%w)", what, err)
	case s.Code == http.StatusTooManyRequests:
		return fmt.Errorf("%s: the registry's limit of requests is reached: wait, or log in for a higher one (%w)", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
