package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/trust"
	"github.com/picketsec/picket/internal/filelock"
)

// trustNote stands under every answer that was given without a trust root.
const trustNote = "no trust root was given, so no claim counts; --trust FILE names one, picket init makes one"

// The names of trust roots that are looked for beside a policy.
const (
	trustFile  = "trust.yaml"
	signedFile = "trust.jsonl"
)

// trustFlags are the flags of every verb that verifies by a trust root.
type trustFlags struct {
	file  string
	pin   string
	state string
}

// add declares the flags.
func (f *trustFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "trust", "", "`FILE` or folder that says whose claims count (default: the environment variable PICKET_TRUST;\n"+
		"with a policy, trust.jsonl or else trust.yaml beside it)")
	f.addSigned(cmd)
}

// addSigned declares the flags that only a signed trust root needs.
func (f *trustFlags) addSigned(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.pin, "trust-pin", "", "`PIN` of a signed trust root: sha256:… of its first version, or the file of a public key that signed it\n"+
		"(default: the environment variable PICKET_TRUST_PIN)")
	cmd.Flags().StringVar(&f.state, "trust-state", "", "`FILE` that remembers the newest version of a signed trust root (default: the environment variable\n"+
		"PICKET_TRUST_STATE, else picket/trust/PROJECT.json in the user's folder for state)")
}

// choose takes the trust root of a folder, unless a flag named one: the signed one where there is one.
func (f *trustFlags) choose(dir string) {
	if f.file != "" {
		return
	}
	f.file = filepath.Join(dir, signedFile)
	if _, err := os.Lstat(f.file); errors.Is(err, fs.ErrNotExist) {
		f.file = filepath.Join(dir, trustFile)
	}
}

// isSigned reports whether a name is that of a signed trust root.
func isSigned(name string) bool { return filepath.Ext(name) == ".jsonl" }

// read loads the trust root that --trust names, or the environment variable PICKET_TRUST. Without either nobody is trusted,
// and a note says so. What ends soon is in the notes, too.
func (f trustFlags) read(env Env) (root *trust.Root, notes []string, err error) {
	if f.file == "" {
		f.file = env.Getenv("PICKET_TRUST")
	}
	if f.file == "" {
		return &trust.Root{}, []string{trustNote}, nil
	}
	if isSigned(f.file) {
		root, notes, err = f.readSigned(env)
	} else {
		root, err = loadPlain(env, f.file)
	}
	if err != nil {
		return nil, nil, usagef("--trust: %w", err)
	}
	return root, append(notes, root.Warnings()...), nil
}

// readTrust is read for a verb that has no flags for signed trust roots.
func readTrust(env Env, name string) (*trust.Root, []string, error) {
	return trustFlags{file: name}.read(env)
}

// loadPlain reads a YAML file or a folder of keys.
func loadPlain(env Env, name string) (*trust.Root, error) {
	full, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	return trust.Load(os.DirFS(filepath.Dir(full)), filepath.Base(full), env.Now)
}

// readSigned verifies a signed trust root and remembers its newest version.
func (f trustFlags) readSigned(env Env) (*trust.Root, []string, error) {
	history, notes, err := f.readHistory(env, f.file)
	if err != nil {
		return nil, nil, err
	}
	root, err := history.Root()
	if err != nil {
		return nil, nil, err
	}
	return root, notes, f.remember(env, history.Memory())
}

// readHistory verifies all versions of a signed trust root, also when the newest has expired.
func (f trustFlags) readHistory(env Env, name string) (*trust.History, []string, error) {
	bundles, err := readBundles(name)
	if err != nil {
		return nil, nil, err
	}
	anchor, err := f.anchor(env)
	if err != nil {
		return nil, nil, err
	}
	// Which state belongs to the root is known only from the root. It is verified below against that very state.
	project, err := trust.ProjectOf(bundles)
	if err != nil {
		return nil, nil, err
	}
	state, err := f.statePath(env, project)
	if err != nil {
		return nil, nil, err
	}
	if anchor.Memory, err = loadMemory(state); err != nil {
		return nil, nil, err
	}
	history, err := trust.ReadHistory(bundles, anchor, env.Now)
	if errors.Is(err, trust.ErrUnpinned) {
		err = fmt.Errorf("%w; ask who made it whether that is right, and give --trust-pin", err)
	}
	if err != nil {
		return nil, nil, err
	}
	if anchor.Memory == nil {
		return history, []string{fmt.Sprintf("no earlier version of the trust root is remembered in %s: that it was rolled back before cannot be seen", shown(state))}, nil
	}
	return history, nil, nil
}

// readBundles reads the lines of a signed trust root.
func readBundles(name string) (bundles []*evidence.Bundle, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	entries, err := claimstore.Read(io.LimitReader(file, claimstore.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, e := range entries {
		bundles = append(bundles, e.Bundle)
	}
	return bundles, nil
}

// anchor reads the pin.
func (f trustFlags) anchor(env Env) (a trust.Anchor, err error) {
	pin := f.pin
	if pin == "" {
		pin = env.Getenv("PICKET_TRUST_PIN")
	}
	switch {
	case pin == "":
	case strings.HasPrefix(pin, "sha256:"):
		if a.Digest, err = picket.ParseDigest(pin); err != nil {
			return a, usagef("--trust-pin: %w", err)
		}
	default:
		data, err := readSmall(pin, maxKeyFile)
		if err != nil {
			return a, usagef("--trust-pin takes sha256:… or the file of a public key: %w", err)
		}
		if a.Key, err = evidence.ParsePublicKey(data); err != nil {
			return a, usagef("--trust-pin %s: %w", pin, err)
		}
	}
	return a, nil
}

// statePath is where the newest version of a project's trust root is remembered.
func (f trustFlags) statePath(env Env, project string) (string, error) {
	if f.state != "" {
		return f.state, nil
	}
	if name := env.Getenv("PICKET_TRUST_STATE"); name != "" {
		return name, nil
	}
	dir := env.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) { // as its specification demands
		if env.Home == "" {
			return "", errors.New("there is no home folder to remember the version of the trust root in; give --trust-state FILE")
		}
		dir = filepath.Join(env.Home, ".local", "state")
	}
	return filepath.Join(dir, "picket", "trust", project+".json"), nil
}

// loadMemory reads a state file; nil when there is none. One that cannot be read is an error: without it an old trust root
// could come back.
func loadMemory(name string) (*trust.Memory, error) {
	data, err := readSmall(name, maxKeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := trust.ParseMemory(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &m, nil
}

// remember writes what was accepted, unless it is known. Two processes at the same time never lower the number.
func (f trustFlags) remember(env Env, next trust.Memory) (err error) {
	state, err := f.statePath(env, next.Project)
	if err != nil {
		return err
	}
	if known, err := loadMemory(state); err == nil && known != nil && *known == next {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(state), 0o755); err != nil {
		return fmt.Errorf("remember the trust root: %w; give --trust-state FILE", err)
	}
	guard, err := os.OpenFile(state+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("remember the trust root: %w; give --trust-state FILE", err)
	}
	defer func() { err = errors.Join(err, guard.Close()) }()
	unlock, err := filelock.Lock(guard)
	if err != nil {
		return fmt.Errorf("remember the trust root: %w", err)
	}
	defer unlock()
	known, err := loadMemory(state)
	if err != nil {
		return err
	}
	if known != nil {
		if next, err = known.Advance(next); err != nil {
			return err
		}
	}
	text, err := next.Marshal()
	if err != nil {
		return err
	}
	return replaceFile(state, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
