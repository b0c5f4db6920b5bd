// Uploads a file with tus-js-client: node tus.js ENDPOINT KEY FILE PATH STORAGE PARALLEL DIE_AT
// STORAGE remembers the upload's address between runs. Past DIE_AT bytes (0: never) the process kills itself.
const fs = require('fs');
const tus = require('tus-js-client');

const [endpoint, key, file, path, storage, parallel, dieAt] = process.argv.slice(2);
const size = fs.statSync(file).size;
let first = -1;
const upload = new tus.Upload(fs.createReadStream(file), {
  endpoint,
  headers: { Authorization: `Bearer ${key}` },
  metadata: { path, contentType: 'application/x-tus-test' },
  metadataForPartialUploads: {},
  uploadSize: Number(parallel) > 1 ? null : size,
  chunkSize: 5_000_000,
  parallelUploads: Number(parallel),
  retryDelays: [0, 200, 1000],
  urlStorage: new tus.FileUrlStorage(storage),
  storeFingerprintForResuming: true,
  removeFingerprintOnSuccess: true,
  onProgress(sent) {
    if (first < 0) first = sent;
    if (Number(dieAt) > 0 && sent > Number(dieAt)) process.kill(process.pid, 'SIGKILL');
  },
  onError(error) {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess() {
    console.log(JSON.stringify({ first, url: upload.url }));
  },
});
upload.findPreviousUploads().then((previous) => {
  if (previous.length > 0) upload.resumeFromPreviousUpload(previous[0]);
  upload.start();
});
