package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence/claim"
)

// permissionTampers: every claim that the policy asks for, word for word, by everyone whose word counts for nothing.
func permissionTampers(*specimen) []attempt {
	var list []attempt
	kinds := requiredKinds()
	for _, kind := range sortedKeys(kinds) {
		for _, who := range append([]string{"release", "clerk"}, unfit()...) {
			says := "permission: .*(may not make " + kind + "|valid only|revoked)|signature: key .*"
			list = append(list, attempt{name: kind + " by " + who, tamper: func(s *scene) {
				s.replace(kind, func(line []byte) []byte { return s.resaid(s.t, line, who, nil) })
			}, gate: denial(kinds[kind], says), claims: "does not count  .*(" + says + ")"})
		}
	}
	return list
}

// nonsenseTampers: claims of every kind by who may make them, which say what cannot be or does not hold.
func nonsenseTampers(*specimen) []attempt {
	var list []attempt
	for _, kind := range sortedKeys(requiredKinds()) {
		if kind == "bom" { // a document of others: its time is not told, and fields of its own are passed over
			continue
		}
		list = append(list,
			respoken(kind+" of version 2", kind, "schema: read ", func(st tree) { put(st, "picket."+kind+"/2", "predicate", "schema") }),
			respoken(kind+" with a field more", kind, "schema: read ", func(st tree) { put(st, true, "predicate", "trusted") }),
			respoken(kind+" with a field in capitals", kind, "schema: read ", func(st tree) { put(st, "x", "predicate", "SCHEMA") }),
			respoken(kind+" without a time", kind, "schema: read ", func(st tree) { delete(pick(st, "predicate").(tree), "time") }),
			respoken(kind+" from the future", kind, "time: it is from the future", func(st tree) { put(st, tamperNow().Add(time.Hour), "predicate", "time") }),
			respoken(kind+" that is a list", kind, "schema: ", func(st tree) { st["predicate"] = []any{} }),
			respoken(kind+" of no known type", kind, "schema: predicate type", func(st tree) { st["predicateType"] = "https://example.com/" + kind }),
			repeatedField(kind))
	}
	list = append(list, falseScans()...)
	list = append(list, falseWords()...)
	slices.SortFunc(list, compareNames)
	return list
}

// repeatedField is a claim in which two readers could see two things.
func repeatedField(kind string) attempt {
	return attempt{name: kind + " with a field twice", tamper: func(s *scene) {
		s.replace(kind, func(line []byte) []byte {
			text := strings.Replace(string(payloadOf(s.t, line)), `"schema":`, `"schema":"x","schema":`, 1)
			return s.sealed(s.t, []byte(text), makerOf(kind))
		})
	}, gate: denial(requiredKinds()[kind], "schema: .*appears twice"), claims: "schema: .*appears twice"}
}

// falseScans are results that do not cover what is there.
func falseScans() []attempt {
	scan := func(name, says string, change func(tree)) attempt {
		return respoken("scan-result "+name, "scan-result", says, change)
	}
	resources := func(st tree) []any { return pick(st, "predicate", "resources").([]any) }
	list := []attempt{
		scan("of all files but one", "coverage: .*was not inspected", func(st tree) { put(st, resources(st)[1:], "predicate", "resources") }),
		scan("of a file more", "coverage: .*is missing", func(st tree) {
			put(st, append(resources(st), tree{"name": "zz", "digest": "sha256:" + strings.Repeat("0", 64), "format": "", "verdict": "clean"}), "predicate", "resources")
		}),
		scan("of another file", "coverage: .*was changed", func(st tree) { resources(st)[0].(tree)["digest"] = "sha256:" + strings.Repeat("0", 64) }),
		scan("of a file twice", "schema: .*appears twice", func(st tree) { put(st, append(resources(st), resources(st)[0]), "predicate", "resources") }),
		scan("of nothing", "schema: .*covers nothing", func(st tree) { put(st, []any{}, "predicate", "resources") }),
		scan("better than its parts", "schema: .*is better than", func(st tree) { resources(st)[2].(tree)["verdict"] = "malicious" }),
		scan("with a verdict of its own", "schema: ", func(st tree) { put(st, "spotless", "predicate", "verdict") }),
		scan("of a file outside", "schema: .*not a path below", func(st tree) { resources(st)[0].(tree)["name"] = "../config.json" }),
		respoken("bom of all files but one", "bom", "coverage: .*does not list", func(st tree) {
			put(st, pick(st, "predicate", "components").([]any)[1:], "predicate", "components")
		}),
		respoken("bom of another file", "bom", "coverage: .*the bill lists", func(st tree) {
			put(st, strings.Repeat("0", 64), "predicate", "components", 0, "hashes", 0, "content")
		}),
		respoken("bom that is none", "bom", "schema: ", func(st tree) { put(st, "Bom", "predicate", "bomFormat") }),
	}
	for verdict, rule := range map[picket.Verdict]string{picket.Malicious: "gate.malicious", picket.Suspicious: "verdict", picket.Incomplete: "verdict"} {
		made := tamperNow().Add(-time.Minute)
		if verdict == picket.Malicious {
			made = made.AddDate(-5, 0, 0) // no other result lifts it, however old it is
		}
		list = append(list, attempt{name: fmt.Sprintf("scan-result clean again after %s", verdict), tamper: func(s *scene) {
			s.setLines(append(slices.Clone(s.lines), s.sealed(s.t, scanOf(s.t, s.manifest, verdict, made), "scanner"), s.lines[0]))
		}, gate: denial(rule, verdict.String())})
	}
	return list
}

// falseWords are words of people that do not hold, although they may say them.
func falseWords() []attempt {
	list := []attempt{
		respoken("approval that expired", "approval", "time: it expired", func(st tree) { put(st, tamperNow().Add(-time.Second), "predicate", "expires") }),
		respoken("approval that expires now", "approval", "time: it expired", func(st tree) { put(st, tamperNow(), "predicate", "expires") }),
		respoken("approval for nothing", "approval", "schema: ", func(st tree) { put(st, []any{}, "predicate", "environments") }),
		respoken("evaluation that contradicts itself", "evaluation", "schema: .*contradicts its threshold", func(st tree) {
			metric := pick(st, "predicate", "metrics", 0).(tree)
			metric["threshold"], metric["better"] = 0.95, "higher"
		}),
		respoken("evaluation without a figure", "evaluation", "schema: ", func(st tree) { put(st, []any{}, "predicate", "metrics") }),
		respoken("review without an outcome", "review", "schema: ", func(st tree) { put(st, "fine", "predicate", "outcome") }),
	}
	for name, keep := range map[string]func(s *scene, line []byte) []byte{
		"review by one": func(s *scene, line []byte) []byte { return s.resaid(s.t, line, "ada", nil) },
		"review by two with words of their own": func(s *scene, line []byte) []byte {
			signer := "ada"
			if string(line) == string(s.lines[len(s.lines)-2]) {
				signer = "bob"
			}
			return s.resaid(s.t, line, signer, func(st tree) { put(st, "by "+signer, "predicate", "comments") })
		},
		"review by one and a stranger": func(s *scene, line []byte) []byte {
			if string(line) == string(s.lines[len(s.lines)-2]) {
				return s.resaid(s.t, line, "stranger", nil)
			}
			return line
		},
	} {
		list = append(list, attempt{name: name, tamper: func(s *scene) { s.replace("review", func(line []byte) []byte { return keep(s, line) }) },
			gate: denial("reviewed-by-two", "signers: it needs a second signer|signature: "), claims: "signers: it needs a second signer"})
	}
	return append(list, attempt{name: "approval by who trained it", tamper: func(s *scene) {
		s.replace("approval", func(line []byte) []byte { return s.resaid(s.t, line, "trainer", nil) })
		trust := strings.Replace(specimenTrust, "may: [training-run, evaluation]", "may: [training-run, evaluation, approval]", 1)
		write(s.t, s.at("trust.yaml"), []byte(trust))
	}, gate: denial("approved", "independence: "+claim.ErrSelfApproval.Error()), claims: "independence: nobody clears"})
}
