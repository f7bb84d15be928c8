package python

import (
	"strings"

	"github.com/picketsec/picket"
)

// conclude reports what was found, now that it is known which functions are reached on import.
func (j *judge) conclude() {
	reached := j.reached()
	for _, d := range j.deeds {
		if local, ok := localName(d.subject); ok && d.vague && j.defs[local] {
			continue // a method of its own, which is judged by what it does
		}
		rule, ok := j.rule(d, d.in == "" || reached[d.in])
		if ok {
			how := d.what
			switch {
			case d.in == "":
				how += " when the file is imported"
			case reached[d.in]:
				how += " in " + d.in + ", which the file itself calls when it is imported"
			default:
				how += " in " + d.in
			}
			j.report(rule, d.subject, how, d.at, d.line, d.chance)
		}
	}
	j.summarise()
}

// reached finds the functions that run when the file is imported.
func (j *judge) reached() map[string]bool {
	reached := map[string]bool{}
	methods := map[string][]string{} // those that Python calls itself, on whoever makes or uses an object
	for name := range j.defs {
		if i := strings.LastIndexByte(name, '.'); i > 0 && strings.HasPrefix(name[i+1:], "__") {
			methods[name[:i]] = append(methods[name[:i]], name)
		}
	}
	queue := append([]string{}, j.calls[""]...)
	for len(queue) > 0 {
		name := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if reached[name] || !j.defs[name] {
			continue
		}
		reached[name] = true
		queue = append(queue, j.calls[name]...)
		queue = append(queue, methods[name]...)
	}
	return reached
}

// always lists methods that a loader calls on every model, processor or handler.
func always(function string) bool {
	name := function[strings.LastIndexByte(function, '.')+1:]
	switch name {
	case "__init__", "__new__", "__call__", "__post_init__", "__init_subclass__", "__set_name__", "__class_getitem__", "__getattr__", "__del__", "__setstate__", "__reduce__",
		"forward", "from_pretrained", "from_config", "_from_config", "_init_weights", "post_init", "register_for_auto_class", "save_pretrained", "generate", "tie_weights",
		"handle", "initialize", "preprocess", "inference", "postprocess", "load_context", "predict", "load", "load_model", "model_fn", "predict_fn", "input_fn",
		"output_fn", "build", "call", "get_config", "_info", "_split_generators", "_generate_examples", "_generate_tables":
		return true
	}
	return false
}

// rule picks the rule for a deed. Source that nothing names runs programs honestly.
func (j *judge) rule(d deed, load bool) (picket.Rule, bool) {
	if !j.named {
		switch {
		case d.effect == hidden:
			return ruleSourceHidden(), load
		case d.effect == process && d.in == "":
			return ruleSourceExecutes(), true
		}
		return picket.Rule{}, false
	}
	method := always(d.in)
	switch d.effect {
	case hidden:
		return ruleHidden(), true
	case sends:
		return ruleExfiltrates(), true
	case process:
		return choose(load, method, ruleLoadExecutes(), ruleMethodExecutes(), ruleFunctionExecutes()), true
	case code:
		return choose(load, false, ruleLoadCode(), ruleLoadCode(), ruleFunctionCode()), true
	case network:
		return choose(load, false, ruleLoadConnects(), ruleLoadConnects(), ruleFunctionConnects()), true
	case persists:
		return rulePersists(), true
	case deletes:
		return choose(load, false, ruleLoadDeletes(), ruleLoadDeletes(), ruleFunctionDeletes()), true
	case native:
		return ruleLoadNative(), true
	case unpickles:
		return ruleLoadUnpickles(), true
	case walks:
		return ruleWalk(), true
	case imports:
		return ruleComputed(), true
	}
	return picket.Rule{}, false
}

// choose picks by when the code runs.
func choose(load, method bool, onLoad, inMethod, otherwise picket.Rule) picket.Rule {
	switch {
	case load:
		return onLoad
	case method:
		return inMethod
	}
	return otherwise
}

// report keeps a finding once per rule, subject and line, and at most maxEach of a rule.
func (j *judge) report(rule picket.Rule, subject, summary string, at, line int, chance picket.Confidence) {
	key := rule.ID + "\x00" + subject + "\x00" + summary
	if j.seen[key] {
		return
	}
	if j.count[rule.ID]++; j.count[rule.ID] > maxEach {
		return
	}
	j.seen[key] = true
	j.emit(picket.Finding{
		Rule: rule, Subject: picket.Printable(subject, 120), Confidence: chance, Technique: technique(rule),
		Location: picket.Location{Offset: int64(at), Line: line}, Evidence: picket.NewEvidence(summary, ""),
	})
}

// technique names the attack that a rule is about.
func technique(rule picket.Rule) string {
	switch rule.ID {
	case ruleLoadExecutes().ID, ruleLoadCode().ID, ruleLoadConnects().ID, ruleLoadDeletes().ID:
		return "code that runs when the source of a model is imported"
	case ruleHidden().ID, ruleSourceHidden().ID:
		return "code that is decoded or fetched, then executed"
	case ruleExfiltrates().ID:
		return "secrets sent away"
	case ruleWalk().ID, ruleComputed().ID:
		return "functions that are reached without naming them"
	}
	return ""
}

// summarise says how many findings of each rule were not listed.
func (j *judge) summarise() {
	for _, rule := range rules() {
		if n := j.count[rule.ID] - maxEach; n > 0 {
			j.emit(picket.Finding{Rule: rule, Location: picket.Whole(""), Evidence: picket.NewEvidence("there are more findings like these", "")})
		}
	}
}
