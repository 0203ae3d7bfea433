// run_winrm.js URL COMMAND: WinRS with winrm-client, which knows Basic and no
// proxy.  It receives once.  The directory with its packages is in NODE_PATH.
const { runCommand } = require('winrm-client');

const where = new URL(process.argv[2]);
runCommand(process.argv[3], where.hostname, 'any', 'any', where.port).then(
  (output) => process.stdout.write(output),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    // It leaves the refusal's connection open, and Node waits for that.
    process.exit(1);
  });
