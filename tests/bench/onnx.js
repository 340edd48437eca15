// Seconds of one forward pass in ONNX Runtime, the median of some, on THREADS threads:
//	node tests/bench/onnx.js FOLDER_OF_NODE_MODULES MODEL.onnx CHANNELS SIZE THREADS
'use strict';
const path = require('path');
const [folder, model, channels, size, threads] = process.argv.slice(2);
const ort = require(path.resolve(folder, 'node_modules/onnxruntime-node'));

async function main() {
	const session = await ort.InferenceSession.create(model, {
		intraOpNumThreads: Number(threads),
		interOpNumThreads: 1,
	});
	const n = channels * size * size;
	const pixels = Float32Array.from({length: n}, (_, i) => Math.sin(i));
	const feed = {[session.inputNames[0]]: new ort.Tensor('float32', pixels, [1, Number(channels), Number(size), Number(size)])};
	const seconds = [];
	for (let i = 0; i < 51; i++) {
		const start = process.hrtime.bigint();
		await session.run(feed);
		seconds.push(Number(process.hrtime.bigint() - start) * 1e-9);
	}
	seconds.sort((a, b) => a - b);
	console.log(seconds[seconds.length >> 1]);
}

main().catch((error) => {
	console.error(String(error));
	process.exit(1);
});
