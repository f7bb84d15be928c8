// Package command signs with keys that another program holds: a hardware security module, a key service, an agent. It is for
// organisations whose private keys never come near the machine's disk.
//
// Picket runs the program once for each operation, without a shell, writes one request as a line of JSON to its standard input and
// reads one answer from its standard output:
//
//	{"version":1,"operation":"public-key"}
//	{"public_key_pem":"-----BEGIN PUBLIC KEY-----\n..."}
//
//	{"version":1,"operation":"sign","algorithm":"ecdsa-sha256","digest_base64":"..."}
//	{"signature_der_base64":"..."}
//
// The algorithm follows from the curve of the public key: ecdsa-sha256 for P-256, ecdsa-sha384, ecdsa-sha512. The program signs the
// digest as it is. An answer {"error":"..."} or a status other than 0 refuses. Nothing the program says is believed: every
// signature is verified by the public key before it is used. The program inherits the environment, and its arguments appear in no
// message, because both may hold its secrets.
package command

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// Bounds on a program and on what it says.
const (
	// Timeout is how long one operation may take. It leaves a person time to touch a token.
	Timeout      = 2 * time.Minute
	grace        = 2 * time.Second // for the output of a program that was ended
	maxAnswer    = 64 << 10        // bytes
	maxMessages  = 4 << 10         // bytes of standard error that are kept
	maxShown     = 500             // bytes of them that an error shows
	maxSignature = 256             // bytes; a signature on P-521 has 139
	maxArguments = 100
)

// Signer signs by running a program. It is an evidence.Signer.
type Signer struct {
	argv   []string
	public *evidence.PublicKey
}

// request is what the program reads.
type request struct {
	Version   int    `json:"version"`
	Operation string `json:"operation"`
	Algorithm string `json:"algorithm,omitempty"`
	Digest    []byte `json:"digest_base64,omitempty"`
}

// answer is what the program writes.
type answer struct {
	PublicKey string `json:"public_key_pem"`
	Signature string `json:"signature_der_base64"`
	Error     string `json:"error"`
}

// Split turns a command line into a program with its arguments. One that begins with "[" is a JSON array of strings; any other is
// split at spaces, and nothing in it has a special meaning. Where a shell would see quotes, an escape or a variable, it is refused:
// it would not mean what it says.
func Split(line string) ([]string, error) {
	var argv []string
	if strings.HasPrefix(strings.TrimSpace(line), "[") {
		if err := json.Unmarshal([]byte(line), &argv); err != nil {
			return nil, fmt.Errorf("the command of the signer is not a JSON array of strings: %w", evidence.ErrMalformed)
		}
	} else {
		if strings.ContainsAny(line, "\"'\\`$|;&<>\n") {
			return nil, fmt.Errorf("the command of the signer is not run by a shell; write it as a JSON array, for example "+
				`exec:["signer","two words"]: %w`, evidence.ErrUnsupported)
		}
		argv = strings.Fields(line)
	}
	nul := func(s string) bool { return strings.ContainsRune(s, 0) }
	if len(argv) == 0 || argv[0] == "" || len(argv) > maxArguments || slices.ContainsFunc(argv, nul) {
		return nil, fmt.Errorf("the command of the signer names no program, or has more than %d arguments: %w", maxArguments, evidence.ErrMalformed)
	}
	return argv, nil
}

// New asks a program for its public key.
func New(ctx context.Context, argv []string) (*Signer, error) {
	s := &Signer{argv: argv}
	reply, err := s.run(ctx, request{Version: 1, Operation: "public-key"})
	if err != nil {
		return nil, err
	}
	if reply.PublicKey == "" {
		return nil, s.errorf("its answer has no public_key_pem: %w", evidence.ErrMalformed)
	}
	if s.public, err = evidence.ParsePublicKey([]byte(reply.PublicKey)); err != nil {
		return nil, s.errorf("%w", err)
	}
	return s, nil
}

// Public implements evidence.Signer.
func (s *Signer) Public() *evidence.PublicKey { return s.public }

// Sign implements evidence.Signer.
func (s *Signer) Sign(ctx context.Context, message []byte) ([]byte, error) {
	hash, digest := s.public.Digest(message)
	reply, err := s.run(ctx, request{Version: 1, Operation: "sign", Algorithm: "ecdsa-" + hash, Digest: digest})
	if err != nil {
		return nil, err
	}
	if reply.Signature == "" || len(reply.Signature) > 2*maxSignature {
		return nil, s.errorf("its answer has no signature_der_base64, or one that is too long: %w", evidence.ErrMalformed)
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(reply.Signature)
	if err != nil {
		return nil, s.errorf("its signature_der_base64 is not base64: %w", evidence.ErrMalformed)
	}
	if err := s.public.Verify(message, signature); err != nil {
		return nil, s.errorf("what it made is no signature by its public key over the digest that it was given: %w", err)
	}
	return signature, nil
}

// run runs the program once.
func (s *Signer) run(ctx context.Context, r request) (answer, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return answer{}, s.errorf("encode request: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.argv[0], s.argv[1:]...) //nolint:gosec // the operator names the program; no shell takes it apart
	cmd.WaitDelay = grace
	cmd.Stdin = bytes.NewReader(append(line, '\n'))
	out, messages := &bounded{limit: maxAnswer}, &head{limit: maxMessages}
	cmd.Stdout, cmd.Stderr = out, messages
	err = cmd.Run()
	reply, parseErr := parse(out.data)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return answer{}, s.errorf("it did not answer in %s", Timeout)
	case ctx.Err() != nil:
		return answer{}, ctx.Err()
	case out.exceeded:
		return answer{}, s.errorf("its answer is longer than %d bytes: %w", maxAnswer, evidence.ErrMalformed)
	case parseErr == nil && reply.Error != "":
		return answer{}, s.errorf("it refuses: %s", picket.Printable(reply.Error, maxShown))
	case err != nil:
		return answer{}, s.failed(err, messages.data)
	case parseErr != nil:
		return answer{}, s.errorf("%w", parseErr)
	}
	return reply, nil
}

// parse reads an answer: one JSON object with known names.
func parse(data []byte) (answer, error) {
	var a answer
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&a); err != nil {
		return answer{}, fmt.Errorf("its answer is not one JSON object with public_key_pem, signature_der_base64 or error: %w", evidence.ErrMalformed)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return answer{}, fmt.Errorf("there is more after its answer: %w", evidence.ErrMalformed)
	}
	return a, nil
}

// failed tells why the program did not succeed. Its messages are shown because the operator wrote the program.
func (s *Signer) failed(err error, messages []byte) error {
	said := ""
	if text := bytes.TrimSpace(messages); len(text) > 0 {
		said = ": it says " + picket.Printable(string(text), maxShown)
	}
	if status, ok := errors.AsType[*exec.ExitError](err); ok {
		return s.errorf("it ended with %s%s", status, said)
	}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, exec.ErrDot) {
		return s.errorf("there is no such program; write its whole path")
	}
	if reason := errors.Unwrap(err); reason != nil { // without the arguments and the path, which the outer error has
		err = reason
	}
	return s.errorf("%w%s", err, said)
}

// errorf names the program, and never its arguments.
func (s *Signer) errorf(message string, args ...any) error {
	return fmt.Errorf("signer %s: "+message, append([]any{picket.Printable(path.Base(s.argv[0]), 60)}, args...)...)
}

// bounded keeps what is written up to a limit, and fails beyond it, which ends the program. It does not embed its buffer, whose
// method ReadFrom would read around the limit.
type bounded struct {
	data     []byte
	limit    int
	exceeded bool
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if len(b.data)+len(p) > b.limit {
		b.exceeded = true
		return 0, evidence.ErrMalformed
	}
	b.data = append(b.data, p...)
	return len(p), nil
}

// head keeps the beginning of what is written.
type head struct {
	data  []byte
	limit int
}

// Write implements io.Writer.
func (h *head) Write(p []byte) (int, error) {
	if room := h.limit - len(h.data); room > 0 {
		h.data = append(h.data, p[:min(room, len(p))]...)
	}
	return len(p), nil
}
