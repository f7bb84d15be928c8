//go:build pkcs11

package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/miekg/pkcs11"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// Signer signs with a key in a token. It is an evidence.Signer for one goroutine after another. Close it.
type Signer struct {
	module  *pkcs11.Ctx
	session pkcs11.SessionHandle
	key     pkcs11.ObjectHandle
	public  *evidence.PublicKey
	pin     string // only for keys that want it again for every signature
	again   bool
	mu      sync.Mutex
}

// Open loads the library that the address names, logs in, and finds the one key that it describes. getenv looks up PINVariable.
// A wrong PIN is not tried again: tokens lock themselves.
func Open(u *URI, getenv func(string) string) (*Signer, error) {
	pin, err := u.pin(getenv)
	if err != nil {
		return nil, err
	}
	module, err := load(u)
	if err != nil {
		return nil, err
	}
	s := &Signer{module: module}
	if err := s.open(u, pin); err != nil {
		return nil, errors.Join(fmt.Errorf("open PKCS#11 token: %w", err), s.Close())
	}
	return s, nil
}

// modules are the files that may be the library.
func (u *URI) modules() ([]string, error) {
	if u.ModulePath != "" {
		return []string{u.ModulePath}, nil
	}
	if u.ModuleName == "" {
		return nil, fmt.Errorf("the PKCS#11 address names no library; add ?module-path=/path/to/library.so: %w", evidence.ErrMalformed)
	}
	var names []string
	for _, dir := range []string{"/usr/lib64/pkcs11", "/usr/lib/pkcs11", "/usr/lib/x86_64-linux-gnu/pkcs11", "/usr/lib/aarch64-linux-gnu/pkcs11",
		"/usr/local/lib/pkcs11", "/opt/homebrew/lib/pkcs11", "/usr/lib/softhsm"} {
		for _, form := range []string{"%s.so", "lib%s.so", "%s.dylib", "lib%s.dylib"} {
			names = append(names, filepath.Join(dir, fmt.Sprintf(form, u.ModuleName)))
		}
	}
	return names, nil
}

// load loads and initialises the library.
func load(u *URI) (*pkcs11.Ctx, error) {
	names, err := u.modules()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := os.Stat(name); err != nil {
			continue
		}
		module := pkcs11.New(name)
		if module == nil {
			return nil, fmt.Errorf("%s cannot be loaded as a PKCS#11 library: %w", picket.Printable(name, 200), evidence.ErrUnsupported)
		}
		if err := module.Initialize(); err != nil {
			module.Destroy()
			return nil, fmt.Errorf("initialise %s: %w", picket.Printable(name, 200), err)
		}
		return module, nil
	}
	return nil, fmt.Errorf("there is no PKCS#11 library %s: %w", picket.Printable(u.ModulePath+u.ModuleName, 200), evidence.ErrUnsupported)
}

// open opens a session in the token and finds the key.
func (s *Signer) open(u *URI, pin string) error {
	slot, err := s.slot(u)
	if err != nil {
		return err
	}
	if s.session, err = s.module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION); err != nil {
		return fmt.Errorf("open session: %w", err)
	}
	if pin != "" {
		if err := s.module.Login(s.session, pkcs11.CKU_USER, pin); err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)) {
			return fmt.Errorf("log in: %w", err)
		}
	}
	if s.key, err = s.object(u, pkcs11.CKO_PRIVATE_KEY, "private key"); err != nil {
		if pin == "" {
			err = fmt.Errorf("%w; without a PIN tokens hide their private keys: give pin-source, or %s", err, PINVariable)
		}
		return err
	}
	if err := s.readPublic(u); err != nil {
		return err
	}
	attributes, err := s.module.GetAttributeValue(s.session, s.key, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ALWAYS_AUTHENTICATE, nil)})
	if err == nil && len(attributes) == 1 && len(attributes[0].Value) == 1 && attributes[0].Value[0] != 0 {
		s.again, s.pin = true, pin
	}
	return nil
}

// slot finds the one token that the address describes.
func (s *Signer) slot(u *URI) (uint, error) {
	slots, err := s.module.GetSlotList(true)
	if err != nil {
		return 0, fmt.Errorf("list slots: %w", err)
	}
	var found []uint
	for _, slot := range slots {
		token, err := s.module.GetTokenInfo(slot)
		if err != nil || token.Flags&pkcs11.CKF_TOKEN_INITIALIZED == 0 || u.Slot != nil && *u.Slot != slot {
			continue
		}
		same := func(want, got string) bool { return want == "" || want == strings.TrimRight(got, " \x00") }
		if same(u.Token, token.Label) && same(u.Manufacturer, token.ManufacturerID) && same(u.Model, token.Model) && same(u.Serial, token.SerialNumber) {
			found = append(found, slot)
		}
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("%d of %d tokens match the address, not one; narrow it by token= or serial=: %w", len(found), len(slots), evidence.ErrUnsupported)
	}
	return found[0], nil
}

// object finds the one EC key of a class that the address describes.
func (s *Signer) object(u *URI, class uint, what string) (pkcs11.ObjectHandle, error) {
	template := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, class), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_EC)}
	if u.Object != "" {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_LABEL, u.Object))
	}
	if len(u.ID) > 0 {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_ID, u.ID))
	}
	if err := s.module.FindObjectsInit(s.session, template); err != nil {
		return 0, fmt.Errorf("find %s: %w", what, err)
	}
	found, _, err := s.module.FindObjects(s.session, 2)
	if err = errors.Join(err, s.module.FindObjectsFinal(s.session)); err != nil {
		return 0, fmt.Errorf("find %s: %w", what, err)
	}
	switch len(found) {
	case 0:
		return 0, fmt.Errorf("no EC %s in the token matches the address: %w", what, evidence.ErrUnsupported)
	case 1:
		return found[0], nil
	}
	return 0, fmt.Errorf("more than one EC %s in the token matches the address; narrow it by object= or id=: %w", what, evidence.ErrUnsupported)
}

// readPublic reads the public key that goes with the private one.
func (s *Signer) readPublic(u *URI) error {
	handle, err := s.object(u, pkcs11.CKO_PUBLIC_KEY, "public key")
	if err != nil {
		return err
	}
	attributes, err := s.module.GetAttributeValue(s.session, handle, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, nil), pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, nil)})
	if err != nil || len(attributes) != 2 {
		return fmt.Errorf("read public key: %w", errors.Join(err, evidence.ErrUnsupported))
	}
	s.public, err = publicKey(attributes[0].Value, attributes[1].Value)
	return err
}

// Public implements evidence.Signer.
func (s *Signer) Public() *evidence.PublicKey { return s.public }

// Sign implements evidence.Signer. A token cannot be interrupted, so the context counts only before it begins.
func (s *Signer) Sign(ctx context.Context, message []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, digest := s.public.Digest(message)
	if err := s.module.SignInit(s.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_ECDSA, nil)}, s.key); err != nil {
		return nil, fmt.Errorf("sign with PKCS#11 token: %w", err)
	}
	if s.again {
		if err := s.module.Login(s.session, pkcs11.CKU_CONTEXT_SPECIFIC, s.pin); err != nil {
			return nil, fmt.Errorf("log in to sign with PKCS#11 token: %w", err)
		}
	}
	raw, err := s.module.Sign(s.session, digest)
	if err != nil {
		return nil, fmt.Errorf("sign with PKCS#11 token: %w", err)
	}
	signature, err := encode(raw)
	if err != nil {
		return nil, err
	}
	if err := s.public.Verify(message, signature); err != nil {
		return nil, fmt.Errorf("check the signature of the PKCS#11 token: %w", err)
	}
	return signature, nil
}

// Close logs out and unloads the library.
func (s *Signer) Close() error {
	var errs []error
	if s.session != 0 {
		errs = append(errs, s.module.CloseSession(s.session)) // logs out as well: it was the only one
	}
	errs = append(errs, s.module.Finalize())
	s.module.Destroy()
	return errors.Join(errs...)
}
