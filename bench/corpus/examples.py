"""Write the small benign models of examples/models/benign into the folder of argument 1, each with its real writer."""
import os
import pickle
import sys
import warnings

warnings.simplefilter("ignore")
folder = os.path.join(sys.argv[1], "benign")
os.makedirs(folder, exist_ok=True)


def path(name):
    return os.path.join(folder, name)


if sys.prefix == sys.base_prefix:  # Debian's packages
    import torch

    torch.manual_seed(7)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    torch.save(model.state_dict(), path("digits.pt"))
else:  # PyPI's, newer
    import gguf
    import joblib
    import numpy
    from safetensors.numpy import save_file
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = make_classification(60, 6, random_state=7)
    with open(path("churn.pkl"), "wb") as f:
        pickle.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y), f)
    joblib.dump(RandomForestClassifier(3, max_depth=3, random_state=7).fit(x, y), path("forest.joblib"), compress=("zlib", 3))
    random = numpy.random.RandomState(7)
    save_file({"embedding.weight": random.rand(32, 16).astype("f4"), "head.weight": random.rand(16, 2).astype("f4")},
              path("encoder.safetensors"), metadata={"format": "pt", "license": "apache-2.0"})
    numpy.savez_compressed(path("features.npz"), mean=x.mean(0), std=x.std(0), labels=numpy.arange(2))
    w = gguf.GGUFWriter(path("stories.gguf"), "llama")
    w.add_name("stories")
    w.add_context_length(128)
    w.add_token_list(["<s>", "</s>", "once", "upon"])
    w.add_chat_template("{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\n' }}{% endfor %}")
    w.add_tensor("token_embd.weight", random.rand(4, 32).astype("f4"))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
