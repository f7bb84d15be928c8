package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/policy"
	"github.com/picketsec/picket/policy/exception"
)

// checkClock compares the clock with the one time that this binary knows for sure.
func checkClock(_ context.Context, r doctorRun) []doctorCheck {
	const decade = 10 * 365 * 24 * time.Hour
	now := r.env.Now().UTC()
	detail := now.Format(time.RFC3339)
	made, known := sourceTime()
	switch {
	case !known:
		return []doctorCheck{{"clock", checkWarn, detail + "; this build records no time to compare it with", "compare it with another clock"}}
	case now.Before(made):
		return []doctorCheck{{"clock", checkFail, fmt.Sprintf("%s, which is before the source of this binary, %s", detail, made.Format(time.RFC3339)),
			"set the clock: the ages of claims, and what has expired, are judged by it"}}
	case now.Sub(made) > decade:
		return []doctorCheck{{"clock", checkWarn, detail + "; this binary is more than ten years old, or the clock is wrong", "set the clock, or update Picket"}}
	}
	return []doctorCheck{{"clock", checkOK, detail + ", after the source of this binary", ""}}
}

// checkConfig says which configuration a scan would use.
func checkConfig(_ context.Context, r doctorRun) []doctorCheck {
	name := r.env.Getenv("PICKET_CONFIG")
	if name == "" {
		return []doctorCheck{{"config", checkOK, "none (PICKET_CONFIG is not set)", ""}}
	}
	f, err := os.Open(name)
	if err == nil {
		_, err = exception.Load(f, name)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return []doctorCheck{{"config", checkFail, "PICKET_CONFIG: " + err.Error(), "repair the file, or unset the variable: scans stop with it"}}
	}
	return append([]doctorCheck{{"config", checkOK, name + " (PICKET_CONFIG)", ""}}, writableByAll("config", name)...)
}

// checkTrust says whose claims count, and what ends soon.
func checkTrust(_ context.Context, r doctorRun) []doctorCheck {
	name := r.env.Getenv("PICKET_TRUST")
	if name == "" {
		return []doctorCheck{{"trust", checkOK, "none (PICKET_TRUST is not set): no claim counts unless --trust names a trust root", ""}}
	}
	root, notes, err := readTrust(r.env, "")
	if err != nil {
		return []doctorCheck{{"trust", checkFail, "PICKET_TRUST: " + err.Error(), "repair the trust root: nothing verifies by it"}}
	}
	checks := []doctorCheck{{"trust", checkOK, fmt.Sprintf("%s (PICKET_TRUST): %d identities", name, root.Len()), ""}}
	if root.Len() == 0 {
		checks[0].Status, checks[0].Next = checkWarn, "name those whose claims count; nobody is trusted now"
	}
	for _, note := range notes {
		checks = append(checks, doctorCheck{"trust", checkWarn, note, "change the trust root before it matters"})
	}
	return append(checks, writableByAll("trust", name)...)
}

// checkPolicy says what a gate would decide by.
func checkPolicy(_ context.Context, r doctorRun) []doctorCheck {
	name := r.env.Getenv("PICKET_POLICY")
	if name == "" {
		return []doctorCheck{{"policy", checkOK, "none (PICKET_POLICY is not set): picket gate needs --policy", ""}}
	}
	p, err := loadPolicy(name)
	if err != nil {
		return []doctorCheck{{"policy", checkFail, "PICKET_POLICY: " + err.Error(), "repair the policy: picket gate stops with it"}}
	}
	c := doctorCheck{"policy", checkOK, fmt.Sprintf("%s (PICKET_POLICY): %s, %s", name, p.Name, p.Mode), ""}
	if p.Mode == policy.Audit {
		c.Status, c.Next = checkWarn, "it says what it would deny and denies nothing; mode: enforce denies"
	}
	return append([]doctorCheck{c}, writableByAll("policy", name)...)
}

// writableByAll fails for a file that decides what is trusted and that every user of the machine may change.
func writableByAll(check, name string) []doctorCheck {
	info, err := os.Stat(name)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o002 == 0 {
		return nil
	}
	return []doctorCheck{{check, checkFail, name + " can be changed by every user of this machine", "chmod o-w " + name}}
}

// checkKeys fails for private keys of the project that others may read.
func checkKeys(_ context.Context, r doctorRun) []doctorCheck {
	entries, err := os.ReadDir(r.project)
	if errors.Is(err, fs.ErrNotExist) {
		return []doctorCheck{{"keys", checkOK, "there is no " + r.project + " here", ""}}
	}
	if err != nil {
		return []doctorCheck{{"keys", checkFail, err.Error(), "look at the folder of the project"}}
	}
	var checks []doctorCheck
	private := 0
	for _, e := range entries {
		name := filepath.Join(r.project, e.Name())
		secret, mode, err := privateKey(name)
		switch {
		case err != nil:
			checks = append(checks, doctorCheck{"keys", checkWarn, err.Error(), "see that it is no private key that others can read"})
		case !secret:
		case mode&0o077 != 0 && runtime.GOOS != "windows":
			checks = append(checks, doctorCheck{"keys", checkFail, fmt.Sprintf("%s holds a private key that others can read (mode %04o)", name, mode),
				"chmod 600 " + name + "; if others use this machine, replace the key"})
		default:
			private++
		}
	}
	if len(checks) == 0 {
		checks = []doctorCheck{{"keys", checkOK, fmt.Sprintf("%s: %s, readable by their owner alone", r.project, count(private, "private key")), ""}}
		if runtime.GOOS == "windows" {
			checks[0].Detail = r.project + ": " + count(private, "private key") + "; who may read them is not checked on Windows"
		}
	}
	return checks
}

// privateKey reports whether a file holds a private key, and who may read it. Only the kind of the key is looked at.
func privateKey(name string) (secret bool, mode fs.FileMode, err error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return false, 0, err
	}
	data, err := readSmall(name, maxKeyFile)
	return bytes.Contains(data, []byte("PRIVATE KEY-----")), info.Mode().Perm(), err
}

// checkTemporary says whether there is room for temporary files.
func checkTemporary(context.Context, doctorRun) []doctorCheck {
	const next = "set TMPDIR to a folder with room; --scratch DIR names one for large standard input"
	dir := os.TempDir()
	f, err := os.CreateTemp(dir, "picket-doctor-*")
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		return []doctorCheck{{"temporary", checkWarn, err.Error(), next}}
	}
	free, known := freeSpace(dir)
	switch {
	case !known:
		return []doctorCheck{{"temporary", checkOK, dir + " can be written; its free space is not known on " + runtime.GOOS, ""}}
	case free < 1<<30:
		return []doctorCheck{{"temporary", checkWarn, fmt.Sprintf("%s has %d MiB free", dir, free>>20), next}}
	}
	return []doctorCheck{{"temporary", checkOK, fmt.Sprintf("%s can be written and has more than 1 GiB free", dir), ""}}
}

// checkNetwork says which verbs can use the network. It follows from the flags and marks that such verbs have.
func checkNetwork(_ context.Context, r doctorRun) []doctorCheck {
	var verbs []string
	for _, cmd := range commands(r.env) {
		verbs = append(verbs, networked(cmd, "")...)
	}
	return []doctorCheck{{"network", checkOK, "used only by " + strings.Join(verbs, ", ") + ", and only for the addresses that they are given; nothing listens", ""}}
}

// networkFlags are the flags of verbs that go to places on the network: models, and services that certify and log signatures.
func networkFlags() []string {
	return []string{"allow-host", "fulcio-url", "rekor-url", "timestamp-url"}
}

// networkNote marks verbs whose arguments name the place on the network.
const networkNote = "network"

// networked lists a verb and its subverbs that have such a flag or mark.
func networked(cmd *cobra.Command, parent string) []string {
	var verbs []string
	name := strings.TrimSpace(parent + " " + cmd.Name())
	named := func(flag string) bool { return cmd.Flags().Lookup(flag) != nil }
	if cmd.Annotations[networkNote] != "" || slices.ContainsFunc(networkFlags(), named) {
		verbs = append(verbs, name)
	}
	for _, sub := range cmd.Commands() {
		verbs = append(verbs, networked(sub, name)...)
	}
	return verbs
}
