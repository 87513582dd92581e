// The reference server of the AT Protocol with a directory of its own, both on loopback and in memory or a temporary folder.
// Started by tests/e2e/pds.py, which sets the server's environment: node pds.js <directory port>
'use strict'
const net = require('net')

// Neither server takes an address to listen on; left alone they would answer the whole network.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, ...rest.filter((each) => typeof each === 'function'))
}

const { createRequire } = require('module')
const load = createRequire(`${process.cwd()}/package.json`)
const { PlcServer, Database } = load('@did-plc/server')
const { PDS, readEnv, envToCfg, envToSecrets } = load('@atproto/pds')

async function main() {
  await PlcServer.create({ db: Database.mock(), port: Number(process.argv[2]) }).start()
  const environment = readEnv()
  const server = await PDS.create(envToCfg(environment), envToSecrets(environment))
  await server.start()
  console.log('ready')
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
