// Drops a file on a page with Uppy in headless Chromium: node uppy.js CHROMIUM ENDPOINT KEY PORT NAME SIZE
// The page is served from 127.0.0.1:PORT, another origin than the server's.
const fs = require('fs');
const http = require('http');
const { chromium } = require('playwright-core');

const [program, endpoint, key, port, name, size] = process.argv.slice(2);
const page = `<!doctype html><meta charset="utf-8"><title>Drop</title><div id="drop" style="width:300px;height:200px"></div>
<script src="/uppy.js"></script><script>
const uppy = new Uppy.Uppy({ autoProceed: true })
  .use(Uppy.DragDrop, { target: '#drop' })
  .use(Uppy.Tus, { endpoint: ${JSON.stringify(endpoint)}, headers: { Authorization: ${JSON.stringify('Bearer ' + key)} }, chunkSize: 3000000 });
uppy.on('complete', (result) => { window.result = { failed: result.failed.map((f) => String(f.error)), url: result.successful[0]?.uploadURL }; });
window.ready = true;
</script>`;
const server = http.createServer((request, response) => {
  const script = request.url === '/uppy.js';
  response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html');
  response.end(script ? fs.readFileSync(require.resolve('uppy').replace(/node_modules\/uppy\/.*/, 'node_modules/uppy/dist/uppy.min.js')) : page);
});

(async () => {
  await new Promise((done) => server.listen(Number(port), '127.0.0.1', done));
  const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  try {
    const tab = await browser.newPage();
    tab.on('console', (message) => console.error(message.text()));
    tab.on('pageerror', (error) => console.error(String(error)));
    await tab.goto(`http://127.0.0.1:${port}/`);
    await tab.waitForFunction('window.ready');
    await tab.evaluate(([name, size]) => {
      const bytes = new Uint8Array(size);
      for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8)) & 255;
      const data = new DataTransfer();
      data.items.add(new File([bytes], name, { type: 'application/x-uppy-test' }));
      const target = document.querySelector('.uppy-DragDrop-container') ?? document.querySelector('#drop').firstElementChild;
      for (const type of ['dragenter', 'dragover', 'drop'])
        target.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    }, [name, Number(size)]);
    const result = await tab.waitForFunction('window.result', null, { timeout: 60000 });
    console.log(JSON.stringify(await result.jsonValue()));
  } finally {
    await browser.close();
    server.close();
  }
})().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
