package bom

import (
	"fmt"
	"strings"

	"github.com/picketsec/picket/internal/jsonstream"
)

// trainingArguments are the arguments of a run that matter to who wants to repeat it.
var trainingArguments = []string{"learning_rate", "per_device_train_batch_size", "train_batch_size", "gradient_accumulation_steps",
	"num_train_epochs", "max_steps", "weight_decay", "warmup_steps", "warmup_ratio", "lr_scheduler_type", "optim", "seed", "bf16", "fp16",
	"deepspeed", "gradient_checkpointing", "adam_beta1", "adam_beta2", "max_grad_norm"}

// readTraining reads what trainers leave beside a model.
func (b *builder) readTraining() {
	m := &b.bill.Model
	for _, name := range []string{"training_args.json", "training_args.yaml", "trainer_state.json"} {
		var d *doc
		if strings.HasSuffix(name, ".yaml") {
			d = b.yaml(b.home + name)
		} else {
			d = b.json(b.home + name)
		}
		for _, key := range trainingArguments {
			if f := d.field(key); f.Value != "" {
				f.Value = key + " " + f.Value
				b.add(&m.Training, f)
			}
		}
		if d != nil && name == "trainer_state.json" {
			b.trainerState(d)
		}
	}
	if b.has("training_args.bin") {
		b.property("training arguments", unresolved(b.home+"training_args.bin", "a pickle, which is not executed; write them as training_args.json"))
	}
	for _, name := range []string{"all_results.json", "eval_results.json", "train_results.json"} {
		b.results(b.json(b.home + name))
	}
}

// trainerState takes the totals of a run of transformers' trainer.
func (b *builder) trainerState(d *doc) {
	m := &b.bill.Model
	for _, key := range []string{"epoch", "global_step", "total_flos", "best_metric", "num_input_tokens_seen"} {
		if f := d.field(key); f.Value != "" {
			f.Value = key + " " + f.Value
			b.add(&m.Training, f)
		}
	}
	history := d.get("log_history")
	if history == nil {
		return
	}
	for i := len(history.Children) - 1; i >= 0; i-- { // the last evaluation is that of these weights
		for _, c := range history.Children[i].Children {
			if strings.HasPrefix(c.Key, "eval_") && text(c) != "" {
				b.evaluated(c, fmt.Sprintf("%s#log_history[%d].%s", d.file, i, clean(c.Key, 80)))
			}
		}
		if len(m.Metrics) > 0 {
			return
		}
	}
}

// results takes flat results, as the examples of transformers write them.
func (b *builder) results(d *doc) {
	if d == nil || d.root.Kind != jsonstream.ObjectStart {
		return
	}
	for _, c := range d.root.Children {
		switch {
		case text(c) == "" || c.Kind != jsonstream.Number:
		case strings.HasPrefix(c.Key, "eval_"), strings.HasPrefix(c.Key, "test_"), strings.HasPrefix(c.Key, "predict_"):
			b.evaluated(c, d.source(c.Key))
		case strings.HasPrefix(c.Key, "train_"):
			b.add(&b.bill.Model.Training, Field{clean(c.Key+" "+text(c), maxText), Declared, d.source(c.Key)})
		}
	}
}

// evaluated adds one number of an evaluation, whose name has the slice in front.
func (b *builder) evaluated(c *jsonstream.Node, source string) {
	slice, name, _ := strings.Cut(clean(c.Key, 128), "_")
	for _, m := range b.bill.Model.Metrics {
		if m.Name.Value == name && m.Slice.Value == slice && m.Value.Value == text(c) {
			return
		}
	}
	b.metric(Metric{Name: Field{name, Declared, source}, Value: Field{text(c), Declared, source}, Slice: Field{slice, Declared, source}})
}
