package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/picketsec/picket/artifact/source/fetch"
)

// WebIdentity is a role of AWS that is taken with a token of another service, as pods of Kubernetes do. The zero value is none.
type WebIdentity struct {
	Role      string // its ARN
	TokenFile string // read each time, because it is renewed
	Session   string // how the role's log names the session; empty for "picket"
	Endpoint  string // of the token service; empty for that of the region
}

// keeper gives the credentials of a bucket, and renews those that expire.
type keeper struct {
	options Options
	mu      sync.Mutex
	current Credentials
	renewal time.Time // zero for credentials that stay
}

// get gives the credentials of this moment.
func (k *keeper) get(ctx context.Context) (Credentials, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	none := Credentials{}
	if k.options.Identity.Role == "" || k.options.Credentials != none {
		return k.options.Credentials, nil
	}
	if k.current != none && k.options.Now().Before(k.renewal) {
		return k.current, nil
	}
	if err := k.assume(ctx); err != nil {
		return none, fmt.Errorf("take the role %s: %w", k.options.Identity.Role, err)
	}
	return k.current, nil
}

// assume asks the token service (AssumeRoleWithWebIdentity of AWS STS).
func (k *keeper) assume(ctx context.Context) error {
	id := k.options.Identity
	token, err := os.ReadFile(id.TokenFile)
	if err != nil {
		return fmt.Errorf("read its token: %w", err)
	}
	at := first(id.Endpoint, "https://sts."+k.options.Region+".amazonaws.com")
	client, err := fetch.New(k.options.Fetch, fetch.Site{URL: at})
	if err != nil {
		return err
	}
	defer client.Close() //nolint:errcheck // connections only
	form := url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {id.Role},
		"RoleSessionName": {first(id.Session, "picket")}, "WebIdentityToken": {strings.TrimSpace(string(token))}}
	a, err := client.Post(ctx, strings.TrimSuffix(at, "/")+"/", form, 1<<20)
	if err != nil {
		return err
	}
	var said struct {
		Key     string    `xml:"AssumeRoleWithWebIdentityResult>Credentials>AccessKeyId"`
		Secret  string    `xml:"AssumeRoleWithWebIdentityResult>Credentials>SecretAccessKey"`
		Session string    `xml:"AssumeRoleWithWebIdentityResult>Credentials>SessionToken"`
		End     time.Time `xml:"AssumeRoleWithWebIdentityResult>Credentials>Expiration"`
	}
	if xml.Unmarshal(a.Body, &said) != nil || said.Key == "" || said.Secret == "" {
		return errors.New("the token service answers without credentials")
	}
	k.current = Credentials{AccessKey: said.Key, SecretKey: said.Secret, Session: said.Session}
	k.renewal = said.End.Add(-5 * time.Minute)
	return nil
}
