// Usage: node score.js model.onnx batch.rgb N H W. Prints "image_score largest-map-value" for each picture of the batch.
const fs = require('fs');
const ort = require('onnxruntime-node');

(async () => {
  const [model, batch, n, h, w] = process.argv.slice(2);
  const session = await ort.InferenceSession.create(model);
  const image = new ort.Tensor('uint8', new Uint8Array(fs.readFileSync(batch)), [+n, +h, +w, 3]);
  const { image_score, anomaly_map } = await session.run({ image });
  for (let i = 0; i < +n; i++) {
    let max = -Infinity;
    for (const value of anomaly_map.data.subarray(i * h * w, (i + 1) * h * w)) if (value > max) max = value;
    console.log(image_score.data[i], max);
  }
})().catch(error => { console.error(error); process.exit(1); });
