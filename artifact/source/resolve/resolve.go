// Package resolve finds the place that an address names. It is the one list of the kinds of remote places, for commands that
// take an address where they take a path. It reads settings and credentials through functions that it is given, and connects to
// nothing by itself.
package resolve

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
	"github.com/picketsec/picket/artifact/source/git"
	"github.com/picketsec/picket/artifact/source/hf"
	"github.com/picketsec/picket/artifact/source/https"
	"github.com/picketsec/picket/artifact/source/mlflow"
	"github.com/picketsec/picket/artifact/source/oci"
	"github.com/picketsec/picket/artifact/source/s3"
)

// googleStorage is where Google Cloud Storage offers its interface of S3's form.
const googleStorage = "https://storage.googleapis.com"

// Options are the operator's settings for all places.
type Options struct {
	Fetch fetch.Options
	// Getenv reads a variable of the environment, for endpoints and credentials; nil has none.
	Getenv func(string) string
	// Home is the folder of the user, where tools keep credentials; empty for none.
	Home string
	// HubEndpoint and S3Endpoint are used in place of what the environment says; empty for that.
	HubEndpoint, S3Endpoint string
}

// Kind is one kind of address.
type Kind struct {
	Form  string // how it is written
	Holds string // what it names
	open  func(Options, string) (source.Place, error)
	heads []string
}

// Kinds lists the kinds of addresses, in the order in which they are documented.
func Kinds() []Kind {
	return []Kind{
		{"hf://org/name[@revision][/path]", "a model of the Hugging Face Hub; hf://datasets/… and hf://spaces/… too", hub, []string{"hf://"}},
		{"https://host/path[#sha256=digest]", "a file of a web server, or a page of the Hub", web, []string{"https://", "http://"}},
		{"s3://bucket/prefix[?versionId=id]", "objects of S3, or of a service that speaks its API", bucket, []string{"s3://"}},
		{"gs://bucket/prefix", "objects of Google Cloud Storage", google, []string{"gs://"}},
		{"oci://registry/repository[:tag|@digest]", "a model or an image of a container registry", image, []string{"oci://", "oci+http://"}},
		{"mlflow://host/models/NAME/VERSION", "a version of a model registry of MLflow; models:/NAME/VERSION with MLFLOW_TRACKING_URI", registered, []string{"mlflow://", "mlflow+https://", "mlflow+http://", "models:/"}},
		{"git+https://host/repository[@commit]", "the files of a git repository", repository, []string{"git+https://", "git+http://"}},
	}
}

// Remote reports whether an argument is an address, and not a path.
func Remote(arg string) bool {
	scheme, _, ok := strings.Cut(arg, "://")
	if strings.HasPrefix(arg, "models:/") {
		return true
	}
	return ok && scheme != "" && strings.Trim(strings.ToLower(scheme), "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}

// Show writes an argument for reports and messages: an address without the user, the password and the values of its query, which
// may sign it; a path as it is.
func Show(arg string) string {
	scheme, rest, ok := strings.Cut(arg, "://")
	carries := map[string]bool{"http": true, "https": true, "git+http": true, "git+https": true, "mlflow": true, "mlflow+http": true, "mlflow+https": true}
	if !ok || !Remote(arg) || !carries[strings.ToLower(scheme)] {
		return arg
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, _, signed := strings.Cut(rest, "?")
	host, file, _ := strings.Cut(rest, "/")
	shown := scheme + "://" + host[strings.LastIndex(host, "@")+1:] + "/" + file
	if signed {
		shown += "?…"
	}
	if fragment != "" {
		shown += "#" + fragment
	}
	return shown
}

// Place finds the place that an address names. Errors say what is wrong with the address, or list the kinds there are; they
// never show credentials.
func Place(o Options, uri string) (source.Place, error) {
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	for _, k := range Kinds() {
		for _, head := range k.heads {
			if len(uri) >= len(head) && strings.EqualFold(uri[:len(head)], head) {
				place, err := k.open(o, head+uri[len(head):])
				if err != nil {
					return nil, err
				}
				return place, nil
			}
		}
	}
	scheme, _, _ := strings.Cut(uri, "://")
	switch strings.ToLower(scheme) {
	case "pvc":
		return nil, errors.New("pvc:// is a volume of a Kubernetes cluster: mount it, and name the folder")
	case "file":
		return nil, errors.New("file:// is this machine: name the path itself")
	}
	var forms []string
	for _, k := range Kinds() {
		forms = append(forms, k.Form)
	}
	return nil, fmt.Errorf("%.40q is no kind of address that is known; there are: %s", scheme+"://", strings.Join(forms, "  "))
}

// hubOptions are the settings of the Hub.
func hubOptions(o Options) (hf.Options, error) {
	h, err := hf.FromEnvironment(o.Getenv, o.Home)
	h.Fetch = o.Fetch
	if o.HubEndpoint != "" {
		h.Endpoint = strings.TrimSuffix(o.HubEndpoint, "/")
	}
	return h, err
}

func hub(o Options, uri string) (source.Place, error) {
	n, err := hf.ParseName(uri)
	if err != nil {
		return nil, err
	}
	h, err := hubOptions(o)
	if err != nil {
		return nil, err
	}
	return hf.New(h, n)
}

// web is a file of a server, unless the address is that of a page or a file of the Hub.
func web(o Options, uri string) (source.Place, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, errors.New("the address is not a URL")
	}
	h, err := hubOptions(o)
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(h.Endpoint)
	own := err == nil && at.Host != "" && u.Scheme == at.Scheme && u.Host == at.Host && strings.HasPrefix(u.Path, at.Path)
	public := u.Scheme == "https" && (u.Host == "huggingface.co" || u.Host == "hf.co" || u.Host == "www.huggingface.co")
	if own || public {
		if own {
			u.Path, u.RawPath = strings.TrimPrefix(u.Path, at.Path), ""
		} else {
			h.Endpoint = hf.Endpoint // a page of the public Hub, whatever other one is set
			if at != nil && at.Host != "" {
				h.Token = "" // which belongs to the other one
			}
		}
		if n, ok := hf.ParseLink(u); ok {
			return hf.New(h, n)
		}
	}
	return https.New(o.Fetch, uri)
}

func bucket(o Options, uri string) (source.Place, error) {
	n, err := s3.ParseName(uri)
	if err != nil {
		return nil, err
	}
	s, err := s3.FromEnvironment(o.Getenv, o.Home)
	if err != nil {
		return nil, err
	}
	if o.S3Endpoint != "" {
		s.Endpoint = o.S3Endpoint
	}
	s.Fetch = o.Fetch
	return s3.New(s, n)
}

// google reads public buckets, and others with a token of OAuth 2; keys of AWS are never sent there.
func google(o Options, uri string) (source.Place, error) {
	n, err := s3.ParseName(uri)
	if err != nil {
		return nil, err
	}
	return s3.New(s3.Options{Fetch: o.Fetch, Endpoint: googleStorage, Scheme: "gs",
		Credentials: s3.Credentials{Bearer: o.Getenv("GOOGLE_OAUTH_ACCESS_TOKEN")}}, n)
}

func image(o Options, uri string) (source.Place, error) {
	rest, plain := strings.CutPrefix(uri, "oci+http://")
	if plain {
		uri = "oci://" + rest
	}
	ref, err := oci.ParseName(uri)
	if err != nil {
		return nil, err
	}
	login, err := oci.FromEnvironment(o.Getenv, o.Home)
	if err != nil {
		return nil, err
	}
	return oci.New(oci.Options{Fetch: o.Fetch, Login: login, Plain: plain}, ref)
}

func registered(o Options, uri string) (source.Place, error) {
	if rest, ok := strings.CutPrefix(uri, "models:/"); ok {
		tracking := strings.TrimSuffix(o.Getenv("MLFLOW_TRACKING_URI"), "/")
		if !strings.HasPrefix(tracking, "https://") && !strings.HasPrefix(tracking, "http://") {
			return nil, errors.New("models:/ needs MLFLOW_TRACKING_URI, the http or https address of the tracking server")
		}
		uri = strings.Replace("mlflow+"+tracking, "mlflow+https://", "mlflow://", 1) + "/models/" + strings.TrimLeft(rest, "/")
	}
	n, err := mlflow.ParseName(uri)
	if err != nil {
		return nil, err
	}
	m := mlflow.FromEnvironment(o.Getenv)
	m.Fetch = o.Fetch
	m.Elsewhere = func(at string) (source.Place, error) { return Place(o, at) }
	return mlflow.New(m, n)
}

func repository(o Options, uri string) (source.Place, error) {
	n, err := git.ParseName(uri)
	if err != nil {
		return nil, err
	}
	return git.New(o.Fetch, n)
}
