package sigstore

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// ServeHTTP serves all services of the instance below one address.
func (i *Instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/.well-known/openid-configuration" { // which the Python tool asks for although it has a token
		w.Header().Set("Content-Type", "application/json")
		i.send(w, i.encode(object{"authorization_endpoint": "http://" + r.Host + "/auth", "token_endpoint": "http://" + r.Host + "/token"}))
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 32<<20))
	if err != nil || r.Method != http.MethodPost {
		http.Error(w, "post something", http.StatusBadRequest)
		return
	}
	var answer any
	switch path := strings.TrimPrefix(r.URL.Path, "/"); path {
	case "api/v1/timestamp":
		response, err := i.clock.Stamp(body, time.Now())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		w.WriteHeader(http.StatusCreated)
		i.send(w, response)
		return
	case "api/v2/signingCert":
		answer, err = i.certify(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), body)
	case "api/v1/log/entries", "api/v1/log/entries/":
		answer, err = i.enter(body)
	case "api/v2/log/entries":
		answer, err = i.enterHash(body)
	default:
		http.NotFound(w, r)
		return
	}
	if err != nil {
		i.t.Logf("%s: %v", r.URL.Path, err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	i.send(w, i.encode(answer))
}

func (i *Instance) send(w io.Writer, data []byte) {
	if _, err := w.Write(data); err != nil {
		i.t.Logf("a client went away: %v", err)
	}
}

// enter answers a proposed entry of kind dsse: Rekor, version 1 of its interface.
func (i *Instance) enter(body []byte) (any, error) {
	var proposed struct {
		Kind string `json:"kind"`
		Spec struct {
			Content struct {
				Envelope  string   `json:"envelope"`
				Verifiers []string `json:"verifiers"`
			} `json:"proposedContent"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(body, &proposed); err != nil {
		return nil, err
	}
	var envelope struct {
		Payload    []byte `json:"payload"`
		Signatures []struct {
			Sig string `json:"sig"`
		} `json:"signatures"`
	}
	content := proposed.Spec.Content
	if err := json.Unmarshal([]byte(content.Envelope), &envelope); err != nil {
		return nil, err
	}
	if proposed.Kind != "dsse" || len(envelope.Signatures) != 1 || len(content.Verifiers) != 1 {
		return nil, errors.New("not one dsse signature")
	}
	hash := func(data []byte) object {
		sum := sha256.Sum256(data)
		return object{"algorithm": "sha256", "value": hex.EncodeToString(sum[:])}
	}
	entry := i.encode(object{"apiVersion": "0.0.1", "kind": "dsse", "spec": object{"envelopeHash": hash([]byte(content.Envelope)),
		"payloadHash": hash(envelope.Payload), "signatures": []object{{"signature": envelope.Signatures[0].Sig, "verifier": content.Verifiers[0]}}}})
	at, id := time.Now().Unix(), hex.EncodeToString(identifier(i.log))
	text := base64.StdEncoding.EncodeToString(entry)
	set := i.sign(i.log, i.encode(object{"body": text, "integratedTime": at, "logID": id, "logIndex": 0}))
	root := leafHash(entry)
	return object{hex.EncodeToString(root): object{"body": text, "integratedTime": at, "logID": id, "logIndex": 0, "verification": object{
		"signedEntryTimestamp": set, "inclusionProof": object{"checkpoint": i.checkpoint(Origin+" - 1", root), "hashes": []string{}, "logIndex": 0,
			"rootHash": hex.EncodeToString(root), "treeSize": 1}}}}, nil
}

// enterHash answers a hashed entry: Rekor, version 2 of its interface.
func (i *Instance) enterHash(body []byte) (any, error) {
	var request struct {
		Hashed struct {
			Digest    []byte          `json:"digest"`
			Signature json.RawMessage `json:"signature"`
		} `json:"hashedRekordRequestV002"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	var signature object // in canonical form again
	if err := json.Unmarshal(request.Hashed.Signature, &signature); err != nil {
		return nil, err
	}
	entry := i.encode(object{"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": object{"hashedRekordV002": object{
		"data": object{"algorithm": "SHA2_256", "digest": request.Hashed.Digest}, "signature": signature}}})
	root := leafHash(entry)
	return object{"logIndex": "0", "logId": object{"keyId": identifier(i.log)}, "kindVersion": object{"kind": "hashedrekord", "version": "0.0.2"},
		"inclusionProof":    object{"logIndex": "0", "treeSize": "1", "rootHash": root, "hashes": []string{}, "checkpoint": object{"envelope": i.checkpoint(Origin, root)}},
		"canonicalizedBody": entry}, nil
}

// leafHash is the hash of an entry in a tree (RFC 6962), and of the tree that has no other.
func leafHash(entry []byte) []byte {
	sum := sha256.Sum256(append([]byte{0}, entry...))
	return sum[:]
}

// checkpoint is the signed head of a tree with one entry.
func (i *Instance) checkpoint(origin string, root []byte) string {
	text := fmt.Sprintf("%s\n1\n%s\n", origin, base64.StdEncoding.EncodeToString(root))
	signature := append(identifier(i.log)[:4:4], i.sign(i.log, []byte(text))...)
	return fmt.Sprintf("%s\n— %s %s\n", text, Origin, base64.StdEncoding.EncodeToString(signature))
}
