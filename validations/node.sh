# Runs inside the candidate, without network: the image must start node, find its own packages, and keep its promises.
set -eu
node --version
npm --version
node -e '
  const assert = require("assert");
  assert.notStrictEqual(process.env.BACKGROUND_COLOR, "red", "BACKGROUND_COLOR must not be red");
'
