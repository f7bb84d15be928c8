// Package s3 is the source of artifacts in buckets of S3, or of a service that speaks its API: MinIO, Ceph, Google Cloud Storage
// with its S3 interface. It lists what is below a prefix and reads by ranges; the entity tag that was listed guards every read,
// and SHA-256 checksums that the service keeps for whole objects are declared. It writes nothing, and thaws no archives.
package s3

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
)

// Bounds of a list.
const (
	answer   = 16 << 20 // bytes of one page
	maxPages = 10_000
)

// Options say where the service is and who asks.
type Options struct {
	Fetch       fetch.Options
	Endpoint    string // empty for AWS
	Region      string // empty for us-east-1, or what the service names
	Credentials Credentials
	Identity    WebIdentity      // in place of credentials
	Scheme      string           // how names of artifacts begin; empty for "s3"
	Now         func() time.Time // for signatures; nil for time.Now
}

// Name is a bucket, what keys begin with, and a version of one object; the last two may be empty.
type Name struct{ Bucket, Prefix, Version string }

// ParseName reads SCHEME://bucket[/prefix][?versionId=…].
func ParseName(uri string) (Name, error) {
	_, rest, ok := strings.Cut(uri, "://")
	rest, parameters, _ := strings.Cut(rest, "?")
	n := Name{}
	n.Bucket, n.Prefix, _ = strings.Cut(rest, "/")
	values, err := url.ParseQuery(parameters)
	n.Version = values.Get("versionId")
	bucket := regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$`)
	if _, ip := netip.ParseAddr(n.Bucket); !ok || err != nil || !bucket.MatchString(n.Bucket) || strings.Contains(n.Bucket, "..") || ip == nil {
		return Name{}, fmt.Errorf("read bucket name %q: write s3://bucket/prefix", clip(uri))
	}
	if n.Version != "" && (n.Prefix == "" || strings.HasSuffix(n.Prefix, "/")) {
		return Name{}, fmt.Errorf("read bucket name %q: a version needs the key of one object", clip(uri))
	}
	return n, nil
}

// clip shortens what a user wrote.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

// Bucket is a place: the objects of a bucket below a prefix.
type Bucket struct {
	options Options
	name    Name
	root    string // the address of the bucket, without a slash at its end
	client  *fetch.Client
	keeper  *keeper
}

// New makes the place for a name.
func New(o Options, n Name) (*Bucket, error) {
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Scheme == "" {
		o.Scheme = "s3"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	b := &Bucket{options: o, name: n, keeper: &keeper{options: o}}
	return b, b.connect()
}

// connect makes the client for the region: by a host of the bucket's own at AWS, by a path elsewhere and for names that no
// certificate covers.
func (b *Bucket) connect() error {
	o := b.options
	switch {
	case o.Endpoint != "":
		b.root = strings.TrimSuffix(o.Endpoint, "/") + "/" + b.name.Bucket
	case strings.Contains(b.name.Bucket, "."):
		b.root = "https://s3." + o.Region + ".amazonaws.com/" + b.name.Bucket
	default:
		b.root = "https://" + b.name.Bucket + ".s3." + o.Region + ".amazonaws.com"
	}
	client, err := fetch.New(o.Fetch, fetch.Site{URL: b.root, Sign: func(r *http.Request) error {
		c, err := b.keeper.get(r.Context())
		if err != nil {
			return err
		}
		c.sign(r, o.Region, o.Now())
		return nil
	}})
	if err != nil {
		return fmt.Errorf("reach bucket %s: %w", b.name.Bucket, err)
	}
	b.client = client
	return nil
}

// List implements source.Place.
func (b *Bucket) List(ctx context.Context) (*source.Listing, error) {
	l, err := b.list(ctx)
	if err != nil {
		return nil, errors.Join(err, b.client.Close())
	}
	l.Hold(b.client)
	return l, nil
}

// list lists the objects of the prefix, each key as a path from the root of the bucket.
func (b *Bucket) list(ctx context.Context) (*source.Listing, error) {
	base := b.options.Scheme + "://" + b.name.Bucket + "/"
	l := &source.Listing{Base: base, Target: base + b.name.Prefix}
	if u, err := url.Parse(b.root); err == nil && source.Plain(u) {
		l.Findings = append(l.Findings, source.Unencrypted(fetch.Redact(u)))
	}
	tree := source.NewTree(ctx, base)
	if b.name.Version != "" {
		l.Target += "?versionId=" + b.name.Version
		o, err := b.head(ctx, b.name.Prefix, b.name.Version)
		if err != nil {
			return nil, err
		}
		if err := tree.Add(b.entry(o)); err != nil {
			return nil, err
		}
		l.Items = tree.Items("")
		return l, nil
	}
	if err := b.pages(ctx, tree); err != nil {
		return nil, err
	}
	if l.Items = tree.Items(""); len(l.Items) == 0 {
		return nil, fmt.Errorf("find %s: the bucket has no object of this key or below it", l.Target)
	}
	return l, nil
}

// object is one line of a list.
type object struct {
	Key      string   `xml:"Key"`
	Size     int64    `xml:"Size"`
	ETag     string   `xml:"ETag"`
	Checksum []string `xml:"ChecksumAlgorithm"`
	Type     string   `xml:"ChecksumType"`
	version  string
	declared picket.Digest
}

// page is one page of ListObjectsV2.
type page struct {
	Objects  []object `xml:"Contents"`
	More     bool     `xml:"IsTruncated"`
	Next     string   `xml:"NextContinuationToken"`
	Encoding string   `xml:"EncodingType"`
}

// pages lists all pages.
func (b *Bucket) pages(ctx context.Context, tree *source.Tree) error {
	token, moved := "", false
	for n := 0; ; n++ {
		q := url.Values{"list-type": {"2"}, "encoding-type": {"url"}, "prefix": {b.name.Prefix}}
		if token != "" {
			q.Set("continuation-token", token)
		}
		a, err := b.client.Get(ctx, b.root+"/?"+query(q), nil, answer)
		if err != nil && !moved && token == "" {
			if moved, err = b.follow(err); moved {
				continue
			}
		}
		if err != nil {
			return b.explain("list "+b.name.Bucket, err)
		}
		var p page
		if err := xml.Unmarshal(a.Body, &p); err != nil {
			return fmt.Errorf("list %s: the service answers with something else than a list", b.name.Bucket)
		}
		for _, o := range p.Objects {
			if err := b.add(ctx, tree, o, p.Encoding == "url"); err != nil {
				return err
			}
		}
		if !p.More {
			return nil
		}
		if p.Next == "" || p.Next == token || len(p.Objects) == 0 || n == maxPages {
			return fmt.Errorf("list %s: the list does not end", b.name.Bucket)
		}
		token = p.Next
	}
}

// follow goes on in the region that the service names for the bucket. AWS only; elsewhere there is one address.
func (b *Bucket) follow(err error) (bool, error) {
	s, ok := errors.AsType[*fetch.Status](err)
	if !ok || b.options.Endpoint != "" {
		return false, err
	}
	region := s.Header.Get("X-Amz-Bucket-Region")
	if region == b.options.Region || !regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`).MatchString(region) {
		return false, err
	}
	b.options.Region = region
	if closing := b.client.Close(); closing != nil {
		return false, closing
	}
	return true, b.connect()
}

// add adds an object of a list when it is what the user named, or below it.
func (b *Bucket) add(ctx context.Context, tree *source.Tree, o object, escaped bool) error {
	if escaped {
		key, err := url.QueryUnescape(o.Key)
		if err != nil {
			return fmt.Errorf("list %s: a key is not escaped correctly", b.name.Bucket)
		}
		o.Key = key
	}
	folder := strings.TrimSuffix(b.name.Prefix, "/")
	if folder != "" && o.Key != folder && !strings.HasPrefix(o.Key, folder+"/") {
		return nil // another key that begins alike
	}
	if strings.HasSuffix(o.Key, "/") && o.Size == 0 {
		return nil // stands for a folder
	}
	for _, algorithm := range o.Checksum {
		if algorithm != "SHA256" || o.Type == "COMPOSITE" {
			continue
		}
		if full, err := b.head(ctx, o.Key, ""); err == nil && full.ETag == o.ETag {
			o.declared = full.declared
		}
	}
	return tree.Add(b.entry(o))
}

// head asks for the facts of one object.
func (b *Bucket) head(ctx context.Context, key, version string) (object, error) {
	a, err := b.client.Head(ctx, b.address(key, version), http.Header{"X-Amz-Checksum-Mode": {"ENABLED"}})
	if err != nil {
		return object{}, b.explain("find "+key, err)
	}
	o := object{Key: key, Size: -1, ETag: a.Header.Get("ETag"), version: version}
	if n := a.Header.Get("Content-Length"); n != "" {
		if _, err := fmt.Sscan(n, &o.Size); err != nil {
			o.Size = -1
		}
	}
	sum, err := base64.StdEncoding.DecodeString(a.Header.Get("X-Amz-Checksum-Sha256")) // of parts it ends with -N, and is no base64
	if err == nil && len(sum) == 32 && a.Header.Get("X-Amz-Checksum-Type") != "COMPOSITE" {
		o.declared = picket.Digest("sha256:" + hex.EncodeToString(sum))
	}
	return o, nil
}

// address is where an object is.
func (b *Bucket) address(key, version string) string {
	at := b.root + "/" + escape(key, true)
	if version != "" {
		at += "?versionId=" + escape(version, false)
	}
	return at
}

// entry is the file of an object. A key is a path as it stands; a key that is none cannot be opened.
func (b *Bucket) entry(o object) source.Entry {
	f := fetch.File{Client: b.client, URL: b.address(o.Key, o.version), Size: o.Size, ETag: o.ETag,
		Explain: func(s *fetch.Status) error { return b.explain("read "+path.Base(o.Key), s) }}
	return source.Entry{Path: o.Key, Size: o.Size, Declared: o.declared, Open: f.Open}
}

// explain turns the answers of the service into what the reader can do about them.
func (b *Bucket) explain(what string, err error) error {
	s, ok := errors.AsType[*fetch.Status](err)
	if !ok {
		return fmt.Errorf("%s: %w", what, err)
	}
	var said struct {
		Code string `xml:"Code"`
	}
	if xml.Unmarshal([]byte(s.Body), &said) != nil {
		said.Code = ""
	}
	anonymous := b.options.Credentials == Credentials{} && b.options.Identity.Role == ""
	switch {
	case said.Code == "NoSuchBucket":
		return fmt.Errorf("%s: there is no such bucket (%w)", what, err)
	case said.Code == "InvalidObjectState":
		return fmt.Errorf("%s: the object is archived; restore it first (%w)", what, err)
	case said.Code == "RequestTimeTooSkewed":
		return fmt.Errorf("%s: the clock of this machine is wrong (%w)", what, err)
	case said.Code == "InvalidAccessKeyId" || said.Code == "SignatureDoesNotMatch" || said.Code == "ExpiredToken":
		return fmt.Errorf("%s: the service does not accept the keys: %s (%w)", what, said.Code, err)
	case (s.Code == http.StatusForbidden || s.Code == http.StatusUnauthorized) && b.options.Scheme == "gs":
		return fmt.Errorf("%s: the bucket is not public, or the token has no access: set GOOGLE_OAUTH_ACCESS_TOKEN (%w)", what, err)
	case s.Code == http.StatusForbidden && anonymous:
		return fmt.Errorf("%s: the bucket is not public: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (%w)", what, err)
	case s.Code == http.StatusForbidden:
		return fmt.Errorf("%s: these keys have no access (%w)", what, err)
	case s.Code == http.StatusNotFound:
		return fmt.Errorf("%s: there is no such object or version (%w)", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
