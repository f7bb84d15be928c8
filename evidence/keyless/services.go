package keyless

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// Services are the addresses that a keyless signature needs. There are no defaults: nothing is sent to a service that nobody
// named.
type Services struct {
	Fulcio string // the certificate authority; it learns the identity token and the public key
	Rekor  string // the transparency log; it learns the signature, the certificate and the hash of the statement, and publishes them
	// RekorVersion is the version of the log's interface, 1 or 2. Logs of version 2 tell no time, so they need a timestamp.
	RekorVersion int
	Timestamps   []string // timestamp authorities; they learn the hash of the signature
}

// check returns an error for addresses that cannot be used.
func (s Services) check() error {
	for name, address := range map[string]string{"certificate authority (Fulcio)": s.Fulcio, "transparency log (Rekor)": s.Rekor} {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
			return fmt.Errorf("the address of the %s is %q; write one that begins with https:// or http://: %w",
				name, picket.Printable(address, 100), evidence.ErrUnsupported)
		}
		if u.Scheme == "http" && address == s.Fulcio && !loopback(u.Hostname()) {
			return fmt.Errorf("the address of the %s is %q, and the identity token would be readable on the way; write one that begins with https://: %w",
				name, picket.Printable(address, 100), evidence.ErrUnsupported)
		}
	}
	switch {
	case s.RekorVersion != 1 && s.RekorVersion != 2:
		return fmt.Errorf("version %d of the transparency log: %w; 1 and 2 are", s.RekorVersion, evidence.ErrUnsupported)
	case s.RekorVersion == 2 && len(s.Timestamps) == 0:
		return fmt.Errorf("a log of version 2 tells no time, so a timestamp authority is needed too: %w", evidence.ErrUnsupported)
	}
	return nil
}

// ParseServices reads a SigningConfig (v0.2), or the ClientTrustConfig that holds one, in the JSON form of Sigstore's
// protobuf-specs. Of each kind of service it takes the one that began last among those that are in force now, of the highest
// version that it knows.
func ParseServices(data []byte, now time.Time) (Services, error) {
	config, err := readConfig(data)
	if err != nil {
		return Services{}, fmt.Errorf("parse Sigstore signing config: %w", err)
	}
	s, err := chooseServices(config, now)
	if err != nil {
		return Services{}, fmt.Errorf("parse Sigstore signing config: %w", err)
	}
	return s, s.check()
}

// readConfig decodes and bounds a signing config.
func readConfig(data []byte) (*root.SigningConfig, error) {
	if len(data) > maxRoot {
		return nil, fmt.Errorf("%d bytes are more than %d: %w", len(data), maxRoot, evidence.ErrMalformed)
	}
	var head struct {
		MediaType string `json:"mediaType"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", evidence.ErrMalformed)
	}
	message := &v1.SigningConfig{}
	var err error
	if bytes.HasPrefix([]byte(head.MediaType), []byte(configPrefix)) {
		config := &v1.ClientTrustConfig{}
		err = decoder().Unmarshal(data, config)
		message = config.GetSigningConfig()
	} else {
		err = decoder().Unmarshal(data, message)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", picket.Printable(err.Error(), 200), evidence.ErrMalformed)
	}
	config, err := root.NewSigningConfigFromProtobuf(message)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", picket.Printable(err.Error(), 200), evidence.ErrUnsupported)
	}
	return config, nil
}

// chooseServices takes one service of each kind.
func chooseServices(config *root.SigningConfig, now time.Time) (Services, error) {
	fulcio, err := root.SelectService(config.FulcioCertificateAuthorityURLs(), []uint32{1}, now)
	if err != nil {
		return Services{}, fmt.Errorf("no certificate authority that can be used is in force: %w", evidence.ErrUnsupported)
	}
	rekor, err := root.SelectService(config.RekorLogURLs(), []uint32{1, 2}, now)
	if err != nil {
		return Services{}, fmt.Errorf("no transparency log that can be used is in force: %w", evidence.ErrUnsupported)
	}
	s := Services{Fulcio: fulcio.URL, Rekor: rekor.URL, RekorVersion: int(rekor.MajorAPIVersion)}
	if len(config.TimestampAuthorityURLs()) > 0 {
		clock, err := root.SelectService(config.TimestampAuthorityURLs(), []uint32{1}, now)
		if err != nil {
			return Services{}, fmt.Errorf("no timestamp authority that can be used is in force: %w", evidence.ErrUnsupported)
		}
		s.Timestamps = []string{clock.URL}
	}
	return s, nil
}

// under is an address below that of a service.
func under(service, path string) string { return strings.TrimRight(service, "/") + path }

// loopback reports whether a host is this machine, to which a token may be sent in clear.
func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
