package imports

import (
	"encoding/json"
	"fmt"

	"github.com/picketsec/picket/evidence/claim"
)

// FromTrainerState reads the trainer_state.json that the Trainer of transformers leaves in a checkpoint. It knows how far the
// training went and with which settings, and neither the data nor the base model: give those as inputs by hand.
func FromTrainerState(data []byte) (*claim.TrainingRun, error) {
	var state map[string]any
	if err := decode("hf-trainer", data, &state); err != nil {
		return nil, err
	}
	if _, ok := figure(state["global_step"]); !ok {
		return nil, malformed("hf-trainer", "it has no global_step")
	}
	history, ok := state["log_history"].([]any)
	if !ok {
		return nil, malformed("hf-trainer", "it has no log_history")
	}
	t := &claim.TrainingRun{Tool: "transformers Trainer", Hyperparameters: map[string]string{}, Seeds: map[string]string{},
		Environment: map[string]string{}}
	for _, name := range []string{"global_step", "max_steps", "num_train_epochs", "train_batch_size", "epoch", "total_flos",
		"best_metric", "eval_steps", "logging_steps", "save_steps", "num_input_tokens_seen"} {
		switch value := state[name].(type) {
		case json.Number:
			t.Hyperparameters[name] = clip(value.String(), 100)
		case string, bool:
			t.Hyperparameters[name] = clip(fmt.Sprint(value), 1000)
		}
	}
	for _, logged := range history {
		entry, _ := logged.(map[string]any)
		for _, name := range []string{"loss", "learning_rate", "train_loss"} { // the last one logged stays
			if n, ok := entry[name].(json.Number); ok {
				t.Hyperparameters["last "+name] = clip(n.String(), 100)
			}
		}
	}
	return t, nil
}
