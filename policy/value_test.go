package policy

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFieldsOfFacts: conditions see every field of every fact with the value that it has.
func TestFieldsOfFacts(t *testing.T) {
	f := full()
	for _, v := range variables() {
		value := reflect.ValueOf(v.get(&f))
		path := v.name
		if value.Kind() == reflect.Slice {
			if value.Len() == 0 {
				t.Errorf("the test has no %s", v.name)
				continue
			}
			value, path = value.Index(0), path+"[0]"
		}
		if value.Kind() != reflect.Struct || value.Type() == timeType {
			continue
		}
		for _, field := range reflect.VisibleFields(value.Type()) {
			name := field.Tag.Get("cel")
			if name == "" {
				continue
			}
			condition := path + "." + name + " == " + literal(value.FieldByIndex(field.Index))
			if !field.IsExported() || literal(value.FieldByIndex(field.Index)) == "" {
				condition = "size(" + path + "." + name + ") == " + fmt.Sprint(sizeOf(value.FieldByIndex(field.Index)))
			}
			if field.Type.Kind() == reflect.Struct && field.Type != timeType {
				condition = path + "." + name + " == " + path + "." + name
			}
			if r := load(t, policyWith(condition)).Decide(t.Context(), f); !slices.Contains(r.Passed, "rule") {
				t.Errorf("%s: %v", condition, r.Decision.Reasons)
			}
		}
	}
}

// literal is a value as CEL writes it; empty for a list.
func literal(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Time:
		return fmt.Sprintf("timestamp(%q)", x.UTC().Format(time.RFC3339))
	case time.Duration:
		return fmt.Sprintf("duration(%q)", fmt.Sprintf("%ds", int64(x.Seconds())))
	case string:
		return fmt.Sprintf("%q", x)
	case float64:
		return fmt.Sprintf("%.3f", x)
	case int64, bool:
		return fmt.Sprint(x)
	}
	return ""
}

func sizeOf(v reflect.Value) int {
	if v.Kind() == reflect.Slice {
		return v.Len()
	}
	return 0
}

// full are facts in which every list has an element and every field a value of its own.
func full() Facts {
	f := cleared()
	n := 0
	var fill func(reflect.Value)
	fill = func(v reflect.Value) {
		n++
		switch {
		case v.Type() == timeType:
			v.Set(reflect.ValueOf(time.Unix(1_790_000_000+int64(n), 0).UTC()))
		case v.Type() == durationType:
			v.SetInt(int64(n) * int64(time.Hour))
		case v.Kind() == reflect.String:
			v.SetString(fmt.Sprint("text ", n))
		case v.Kind() == reflect.Int64:
			v.SetInt(int64(n))
		case v.Kind() == reflect.Float64:
			v.SetFloat(float64(n) / 8)
		case v.Kind() == reflect.Bool:
			v.SetBool(n%2 == 0)
		case v.Kind() == reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(v.Index(0))
			fill(v.Index(1))
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		}
	}
	for i := range reflect.TypeFor[Facts]().NumField() {
		if v := reflect.ValueOf(&f).Elem().Field(i); v.Kind() == reflect.Slice {
			fill(v)
		}
	}
	fill(reflect.ValueOf(&f.Artifact).Elem())
	fill(reflect.ValueOf(&f.Lineage).Elem())
	fill(reflect.ValueOf(&f.Impact).Elem())
	fill(reflect.ValueOf(&f.Head).Elem())
	f.Scan = &f.Scans[0]
	return f
}

// TestObjects: what conditions can do with a fact as a whole.
func TestObjects(t *testing.T) {
	for condition, want := range map[string]bool{
		`scan == scans[0]`:                             true,
		`scans[0] in scans`:                            true,
		`signatures[0] == signatures[0]`:               true,
		`claims[0] == claims[1]`:                       false,
		`has(scan.verdict)`:                            true,
		`type(scan) == type(scans[0])`:                 true,
		`scans + scans == scans`:                       false,
		`size(scans + scans) == 2`:                     true,
		`artifact.files.map(f, f.name) == ["a"]`:       true,
		`dyn(scan).verdict == "clean"`:                 true,
		`scan.age < days(12) && scan.age > days(11)`:   true,
		`scan.time + scan.age == now`:                  true,
		`signatures[0].people.exists_one(p, p != "x")`: true,
		`"clean" in scans.map(s, s.verdict)`:           true,
	} {
		if r := load(t, policyWith(condition)).Decide(t.Context(), cleared()); r.Decision.Allow != want || len(r.Decision.Errors) > 0 {
			t.Errorf("%s: %+v", condition, r.Decision)
		}
	}
	for _, condition := range []string{`dyn(scan).nothing == 1`, `policy.Scan{verdict: "clean"}.verdict == "clean"`, `days(-1) < scan.age`,
		`days(1000000) > scan.age`, `dyn(scan)[0] == 1`, `string(dyn(scan)) == ""`} {
		p, err := Load(strings.NewReader(policyWith(condition)), "x")
		if err != nil {
			if !errors.Is(err, ErrPolicy) {
				t.Errorf("%s: %v", condition, err)
			}
			continue
		}
		if r := p.Decide(t.Context(), cleared()); r.Decision.Allow || len(r.Decision.Errors) != 1 {
			t.Errorf("%s: %+v", condition, r.Decision)
		}
	}
}

// TestCostsAreBounded: both by what is counted of lists of facts, and by CEL where a condition makes lists of its own.
func TestCostsAreBounded(t *testing.T) {
	f := cleared()
	for i := range 2000 {
		f.Artifact.Files = append(f.Artifact.Files, File{Name: fmt.Sprint(i)})
	}
	for condition, message := range map[string]string{
		`artifact.files.all(a, artifact.files.all(b, true))`:                               "elements of lists",
		`artifact.files.all(a, !(a in artifact.files) || true)`:                            "elements of lists",
		`artifact.files.all(a, size(artifact.files + artifact.files) > 0)`:                 "elements of lists",
		`artifact.files.map(f, f.name).all(a, artifact.files.map(f, f.name).all(b, true))`: "",
		`[artifact.files.map(f, f.name)].all(l, l.all(a, l.all(b, a != "x" || b != "y")))`: "cost limit",
	} {
		r := load(t, policyWith(condition)).Decide(t.Context(), f)
		if r.Decision.Allow || len(r.Decision.Errors) != 1 || !strings.Contains(r.Decision.Errors[0], message) {
			t.Errorf("%s: %+v", condition, r.Decision)
		}
	}
	// What one rule used up is there again for the next.
	text := policyWith(`artifact.files.all(a, artifact.files.all(b, true))`) + "  - {id: next, require: 'artifact.files.all(f, f.size >= 0)', message: m, remedy: r}\n"
	if r := load(t, text).Decide(t.Context(), f); !slices.Contains(r.Passed, "next") || len(r.Blocks) != 1 {
		t.Errorf("got %+v", r)
	}
}
