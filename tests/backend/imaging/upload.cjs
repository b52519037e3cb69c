// Uploads one file with the protocol's own client: node upload.cjs <node_modules> <endpoint> <token> <lab> <file> <store> <chunk bytes>
// Prints a line of JSON for every thing that happens; continues what <store> remembers.
const [modules, endpoint, token, lab, file, store, chunk] = process.argv.slice(2)
const fs = require('node:fs')
const path = require('node:path')
const tus = require(path.join(modules, 'tus-js-client'))
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)

const upload = new tus.Upload(fs.createReadStream(file), {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: 'day 3/Запись.zip', lab },
  uploadSize: fs.statSync(file).size,
  chunkSize: Number(chunk),
  uploadDataDuringCreation: true,
  retryDelays: [100, 200, 400, 800, 1600, 3000],
  urlStorage: new tus.FileUrlStorage(store),
  fingerprint: async () => 'one',
  onProgress: () => undefined,
  onChunkComplete: (size, done) => tell({ done }),
  onSuccess: () => tell({ url: upload.url }),
  onError: (error) => {
    tell({ error: String(error) })
    process.exit(1)
  },
})
upload.findPreviousUploads().then((earlier) => {
  tell({ earlier: earlier.length })
  if (earlier.length) upload.resumeFromPreviousUpload(earlier[0])
  upload.start()
})
