// Writes models with TensorFlow.js: one folder for each, with model.json and the weights beside it, as its own savers write
// them. Run by tensorflowjs.py as "node tensorflowjs.cjs OUT"; prints the name and the description of each model.
const fs = require("fs");
const path = require("path");
const tf = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-backend-cpu");
const { layers, sequential, input, model, version_layers } = require("@tensorflow/tfjs-layers");
const out = process.argv[2];
const plain = { recurrentInitializer: "glorotUniform" }; // the default needs operations of another package

/** Every model by its name. */
const models = {
  mlp: () => sequential({ layers: [layers.dense({ units: 8, inputShape: [4], activation: "relu" }), layers.dropout({ rate: 0.2 }), layers.dense({ units: 3, activation: "softmax" })] }),
  cnn: () => sequential({ layers: [layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 3] }), layers.maxPooling2d({}), layers.flatten(), layers.dense({ units: 2 })] }),
  depthwise: () => sequential({ layers: [layers.depthwiseConv2d({ kernelSize: 3, inputShape: [8, 8, 3] }), layers.batchNormalization(), layers.reLU({ maxValue: 6 }), layers.globalAveragePooling2d({}), layers.prelu()] }),
  separable: () => sequential({ layers: [layers.separableConv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 3] }), layers.layerNormalization(), layers.upSampling2d({})] }),
  lstm: () => sequential({ layers: [layers.lstm({ ...plain, units: 4, inputShape: [5, 3], returnSequences: true }), layers.gru({ ...plain, units: 3 })] }),
  bidirectional: () => sequential({ layers: [layers.bidirectional({ layer: layers.lstm({ ...plain, units: 3 }), inputShape: [5, 3], mergeMode: "concat" }), layers.dense({ units: 1 })] }),
  rnn: () => sequential({ layers: [layers.rnn({ cell: [layers.simpleRNNCell({ ...plain, units: 3 }), layers.gruCell({ ...plain, units: 2 })], inputShape: [4, 2] })] }),
  embedding: () => sequential({ layers: [layers.embedding({ inputDim: 20, outputDim: 4, inputLength: 6 }), layers.globalMaxPooling1d({}), layers.masking({ maskValue: 0 })] }),
  conv1d: () => sequential({ layers: [layers.conv1d({ filters: 3, kernelSize: 3, inputShape: [9, 2] }), layers.timeDistributed({ layer: layers.dense({ units: 2 }) }), layers.gaussianNoise({ stddev: 0.1 })] }),
  transpose: () => sequential({ layers: [layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 2, inputShape: [4, 4, 2] }), layers.leakyReLU(), layers.cropping2D({ cropping: 1 })] }),
  regularised: () => sequential({ layers: [layers.dense({ units: 3, inputShape: [4], kernelRegularizer: "l1l2", kernelConstraint: "maxNorm", kernelInitializer: "glorotNormal" }), layers.elu(), layers.repeatVector({ n: 2 })] }),
  merged: () => {
    const a = input({ shape: [3], name: "a" }), b = input({ shape: [3], name: "b" });
    return model({ inputs: [a, b], outputs: [layers.concatenate().apply([layers.add().apply([a, b]), layers.multiply().apply([a, b])]), layers.dot({ axes: 1 }).apply([a, b])] });
  },
  nested: () => {
    const inner = sequential({ layers: [layers.dense({ units: 3, inputShape: [4] })] }), x = input({ shape: [4] });
    return model({ inputs: x, outputs: layers.dense({ units: 2 }).apply(inner.apply(x)) });
  },
  shared: () => {
    const x = input({ shape: [4] }), d = layers.dense({ units: 4 });
    return model({ inputs: x, outputs: layers.average().apply([d.apply(x), d.apply(d.apply(x))]) });
  },
};

/** Save a model as a browser's download is: the document, and the weights in one file. */
async function save(name, m, compile) {
  const folder = path.join(out, name);
  fs.mkdirSync(folder, { recursive: true });
  await m.save(tf.io.withSaveHandler(async (a) => {
    const document = { format: a.format, generatedBy: a.generatedBy, convertedBy: a.convertedBy, modelTopology: a.modelTopology,
      weightsManifest: [{ paths: ["./weights.bin"], weights: a.weightSpecs }] };
    if (a.trainingConfig) document.trainingConfig = a.trainingConfig;
    fs.writeFileSync(path.join(folder, "model.json"), JSON.stringify(document));
    fs.writeFileSync(path.join(folder, "weights.bin"), Buffer.from(tf.io.CompositeArrayBuffer ? tf.io.CompositeArrayBuffer.join(a.weightData) : a.weightData));
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(a) };
  }), { includeOptimizer: compile });
  console.log(`${name}\t${compile ? "compiled " : ""}model of tfjs-layers ${version_layers}: ${name}`);
}

(async () => {
  await tf.setBackend("cpu");
  for (const [name, build] of Object.entries(models)) await save(name, build(), false);
  const m = models.mlp();
  m.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics: ["accuracy"] });
  await save("compiled", m, true);
})().catch((e) => { console.error(e); process.exit(1); });
