package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
)

func compareNames(a, b attempt) int { return cmp.Compare(a.name, b.name) }

// headed is what is said about lines that do not continue the head that is known.
func headed(name string, lines func(sp *specimen) [][]byte) attempt {
	return attempt{name: name, tamper: func(s *scene) { s.setLines(lines(s.specimen)) },
		gate: denial("gate.head", "claims were (taken out or rolled back|changed, reordered or replaced)"), check: "FAILED .*head: claims were (taken out|changed, reordered)"}
}

// orderTampers: lines, resources and certificates in another order, and files in each other's place.
func orderTampers(sp *specimen) []attempt {
	list := chainOrders()
	random := rand.New(rand.NewPCG(5, 6))
	n := len(sp.lines) - 1
	for i := range n - 1 {
		list = append(list, headed(fmt.Sprintf("lines %d and %d exchanged", i+1, i+2), func(sp *specimen) [][]byte {
			lines := slices.Clone(sp.lines)
			lines[i], lines[i+1] = lines[i+1], lines[i]
			return lines
		}))
	}
	for i := range 6 {
		order := random.Perm(n)
		list = append(list, headed(fmt.Sprintf("lines mixed, %d", i+1), func(sp *specimen) [][]byte {
			var lines [][]byte
			for _, at := range order {
				lines = append(lines, sp.lines[at])
			}
			return append(lines, sp.lines[n])
		}))
		list = append(list, reordered(i, random.Perm(len(sp.files))))
	}
	list = append(list, headed("lines backwards", func(sp *specimen) [][]byte {
		lines := slices.Clone(sp.lines)
		slices.Reverse(lines)
		return lines
	}))
	names := sp.names()
	for i := range names {
		list = append(list, exchanged(names[i], names[(i+2)%len(names)]))
	}
	return list
}

// reordered is a model signature whose resources are in an order that its digest is not of.
func reordered(i int, order []int) attempt {
	return attempt{name: fmt.Sprintf("resources mixed, %d", i+1), tamper: func(s *scene) {
		s.setSig(s.resaid(s.t, s.sig, "release", func(st tree) {
			list := pick(st, "predicate", "resources").([]any)
			var mixed []any
			for _, at := range order {
				mixed = append(mixed, list[at])
			}
			put(st, mixed, "predicate", "resources")
		}))
	}, verify: "(?s)NOT verified.*is not the root of the listed resources", gate: denial("signed", "is not the root of the listed resources"), claims: "is not the root"}
}

// variant is a model that is nearly the specimen.
type variant struct {
	name string
	edit func(*scene)
	same bool // it has the digest of the specimen, which names are not part of
}

// variants: one byte, one name, one file less, one file more.
func variants(sp *specimen) []variant {
	var list []variant
	for _, name := range sp.names() {
		list = append(list,
			variant{"a byte of " + name, func(s *scene) { write(s.t, s.in(name), []byte(s.files[name]+".")) }, false},
			variant{name + " by another name", func(s *scene) { rename(s, name, name+"x") }, true},
			variant{"all but " + name, func(s *scene) { remove(s, name) }, false},
			variant{"more beside " + name, func(s *scene) { write(s.t, s.in(name+".more"), []byte("more")) }, false})
	}
	return list
}

// replayTampers: all claims of the specimen with another model; and its decisions with one that is signed, scanned and listed
// anew.
func replayTampers(sp *specimen) []attempt {
	var list []attempt
	for _, v := range variants(sp) {
		list = append(list, attempt{name: "everything on " + v.name, tamper: func(s *scene) { v.edit(s); s.blind() },
			verify: "NOT verified.*the content is another", gate: denial("gate.scan-result", "digest: it is about other content|coverage: it does not cover"),
			claims: "does not count  .*(digest: it is about other content|coverage)"})
		if v.same {
			continue
		}
		list = append(list, attempt{name: "what people decided on " + v.name, tamper: func(s *scene) {
			v.edit(s)
			s.blind()
			m := manifestOf(s.t, s.model)
			s.setSig(s.signature(s.t, m))
			lines := slices.Clone(s.lines[:len(s.lines)-1])
			copy(lines, s.facts(s.t, m)[:3]) // the scan, the bill and the manifest
			s.setLines(lines)
		}, gate: denial("approved", "digest: it is about other content"), claims: "does not count  .*approval.*digest: it is about other content"})
	}
	return list
}

// removedTampers: lines taken out, one by one and several at once.
func removedTampers(sp *specimen) []attempt {
	var list []attempt
	n := len(sp.lines) - 1
	without := func(gone ...int) func(*specimen) [][]byte {
		return func(sp *specimen) [][]byte {
			var lines [][]byte
			for i, line := range sp.lines {
				if !slices.Contains(gone, i) {
					lines = append(lines, line)
				}
			}
			return lines
		}
	}
	random := rand.New(rand.NewPCG(7, 8))
	for i := range n {
		list = append(list, headed(fmt.Sprintf("without line %d", i+1), without(i)))
		only := attempt{name: fmt.Sprintf("without line %d, and nobody kept the head elsewhere", i+1), tamper: func(s *scene) {
			s.blind()
			s.setLines(without(i)(s.specimen))
		}, gate: denial("gate.claims", "head: claims were (taken out|changed, reordered)"), claims: "does not count  .*head: claims were"}
		list = append(list, only)
	}
	for range 8 {
		gone := random.Perm(n)[:2+random.IntN(4)]
		list = append(list, headed(fmt.Sprintf("without %v", gone), without(gone...)))
	}
	file := func(name string, do func(*scene)) {
		list = append(list, attempt{name: name, tamper: do, gate: denial("gate.head", "claims were taken out"), check: "FAILED .*head: claims were taken out"})
	}
	file("without the file", func(s *scene) { remove(s, evidence.ClaimsFile) })
	file("emptied", func(s *scene) { s.setLines(nil) })
	file("a line emptied", func(s *scene) {
		lines := slices.Clone(s.lines)
		lines[5] = nil
		s.setLines(lines)
	})
	file("cut within a line", func(s *scene) {
		if err := os.Truncate(s.in(evidence.ClaimsFile), 5000); err != nil {
			s.t.Fatal(err)
		}
	})
	return list
}

// rollbackTampers: the file as it was before, alone and with other lines behind.
func rollbackTampers(sp *specimen) []attempt {
	var list []attempt
	n := len(sp.lines) - 1
	for i := range n {
		list = append(list, headed(fmt.Sprintf("to %d lines", i), func(sp *specimen) [][]byte { return sp.lines[:i] }),
			headed(fmt.Sprintf("to %d lines, and the last one again", i), func(sp *specimen) [][]byte {
				lines := slices.Clone(sp.lines[:i])
				for len(lines) < n+1 {
					lines = append(lines, sp.lines[max(i-1, 0)])
				}
				return lines
			}))
	}
	for _, who := range []string{"trainer", "guest", "stranger"} {
		list = append(list, attempt{name: "to 8 lines, and others of " + who, tamper: func(s *scene) {
			lines := slices.Clone(s.lines[:8])
			for i := len(lines); i < n+1; i++ {
				lines = append(lines, s.resaid(s.t, s.lines[6], who, func(st tree) { put(st, fmt.Sprint("suite ", i), "predicate", "suite") }))
			}
			s.setLines(lines)
		}, gate: denial("gate.head", "claims were changed"), check: "FAILED .*head: claims were changed"})
	}
	return append(list, attempt{name: "to 8 lines, with a head of them by who may", tamper: func(s *scene) {
		lines := slices.Clone(s.lines[:8])
		s.setLines(append(lines, s.headOf(s.t, lines, "clerk", nil)))
	}, gate: denial("gate.head", "claims were taken out"), check: "FAILED .*head: claims were taken out"})
}

// headTampers: heads by who may not, heads that are not true, and heads of something else.
func headTampers(sp *specimen) []attempt {
	var list []attempt
	n := int64(len(sp.lines) - 1)
	given := func(name, check, gate string, code map[string]int, make func(*scene) []byte) {
		list = append(list, attempt{name: name, tamper: func(s *scene) { write(s.t, s.at("head.json"), make(s)) }, check: check, gate: gate, code: code})
	}
	for _, who := range specimenSigners() {
		if who == "clerk" {
			continue
		}
		given("signed by "+who, "the head itself does not hold: (permission|signature)", "(?s)--head .*neither a head.*(permission|signature): ", wrong("gate"),
			func(s *scene) []byte { return s.headOf(s.t, s.lines[:n], who, nil) })
		given("signed by "+who+" in the name of clerk", "the head itself does not hold: signature", "(?s)--head .*neither a head.*signature: ", wrong("gate"), func(s *scene) []byte {
			return rewrapped(s.t, s.headOf(s.t, s.lines[:n], who, nil), func(doc tree) {
				put(doc, s.signers["clerk"].public.Hint(), "verificationMaterial", "publicKey", "hint")
			})
		})
	}
	untrue := denial("gate.head", "claims were (taken out|changed)")
	for name, change := range map[string]func(*claim.Head){
		"counts two more": func(h *claim.Head) { h.Count += 2 }, "counts a million": func(h *claim.Head) { h.Count = 1e6 }, "counts too many": func(h *claim.Head) { h.Count = 9999 },
		"counts one less": func(h *claim.Head) { h.Count-- }, "counts one": func(h *claim.Head) { h.Count = 1 },
		"has no root": func(h *claim.Head) { h.Root = picket.SHA256([32]byte{}) }, "has the root of the model": func(h *claim.Head) { h.Root = sp.manifest.Digest() },
		"follows another": func(h *claim.Head) { h.Previous = &claim.Previous{Count: 3, Root: picket.SHA256([32]byte{3})} },
	} {
		given("that "+name, "FAILED .*head: claims were", untrue, nil, func(s *scene) []byte { return s.headOf(s.t, s.lines[:n], "clerk", change) })
		list = append(list, attempt{name: "in the file that " + name, tamper: func(s *scene) {
			s.blind()
			s.setLines(append(slices.Clone(s.lines[:n]), s.headOf(s.t, s.lines[:n], "clerk", change)))
		}, gate: denial("gate.claims", "head: claims were"), claims: "does not count  .*head: claims were"})
	}
	list = append(list, malformedHeads(n)...)
	slices.SortFunc(list, compareNames)
	return list
}

// malformedHeads say nothing that can be true, or are no heads; and plain ones of an operator that are not true.
func malformedHeads(n int64) []attempt {
	var list []attempt
	for name, change := range map[string]func(tree){
		"counts none": func(st tree) { put(st, 0, "predicate", "count") }, "counts below zero": func(st tree) { put(st, -3, "predicate", "count") },
		"counts halves": func(st tree) { put(st, 1.5, "predicate", "count") }, "has a text for a root": func(st tree) { put(st, "root", "predicate", "root") },
		"is of version 2": func(st tree) { put(st, "picket.head/2", "predicate", "schema") }, "says more": func(st tree) { put(st, 1, "predicate", "Count") },
		"is about something else": func(st tree) { put(st, strings.Repeat("1", 64), "subject", 0, "digest", "sha256") },
		"comes from the future":   func(st tree) { put(st, tamperNow().Add(time.Hour), "predicate", "time") },
		"follows a larger": func(st tree) {
			put(st, tree{"count": 99, "root": "sha256:" + strings.Repeat("1", 64)}, "predicate", "previous")
		}, "counts the most": func(st tree) { put(st, 1<<62, "predicate", "count") },
		"is of a kind of its own":  func(st tree) { st["predicateType"] = "https://example.com/head" },
		"calls itself a statement": func(st tree) { st["predicateType"] = claim.TypeDeclaration },
	} {
		list = append(list, attempt{name: "that " + name, tamper: func(s *scene) {
			write(s.t, s.at("head.json"), s.resaid(s.t, s.head, "clerk", change))
		}, check: "the head itself does not hold: (schema|digest|time): ", gate: "(?s)--head .*neither a head.*(schema|digest|time): ", code: wrong("gate")})
	}
	plain := func(name, text, says string, code map[string]int) {
		list = append(list, attempt{name: "plain, " + name, tamper: func(s *scene) { write(s.t, s.at("head.json"), []byte(text)) }, gate: says, code: code})
	}
	zero := "sha256:" + strings.Repeat("0", 64)
	plain("with another root", fmt.Sprintf(`{"count":%d,"root":%q}`, n, zero), denial("gate.head", "claims were changed"), nil)
	plain("with a larger count", fmt.Sprintf(`{"count":%d,"root":%q}`, n+9, zero), denial("gate.head", "claims were taken out"), nil)
	plain("without a root", `{"count":1}`, "neither a head", wrong("gate"))
	plain("without a count", fmt.Sprintf(`{"root":%q}`, zero), "neither a head", wrong("gate"))
	plain("with a field more", fmt.Sprintf(`{"count":1,"root":%q,"trust":true}`, zero), "neither a head", wrong("gate"))
	plain("with something behind it", fmt.Sprintf(`{"count":1,"root":%q}{"count":0}`, zero), "neither a head", wrong("gate"))
	plain("empty", "", "neither a head", wrong("gate"))
	return append(list, attempt{name: "of another model", tamper: func(s *scene) {
		write(s.t, s.in("config.json"), []byte("{}"))
		other := s.facts(s.t, manifestOf(s.t, s.model))
		write(s.t, s.in("config.json"), []byte(s.files["config.json"]))
		write(s.t, s.at("head.json"), s.headOf(s.t, other, "clerk", nil))
	}, check: "FAILED .*head: claims were changed", gate: denial("gate.head", "claims were changed")})
}
