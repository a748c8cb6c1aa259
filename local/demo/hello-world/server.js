// A page in the colour of its base image: BACKGROUND_COLOR is set there, not here.
const http = require('node:http');

const color = process.env.BACKGROUND_COLOR || 'white';
// The words stand on a plate: not every colour is one to read on.
const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>hello-world</title>
<style>
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; font-family: sans-serif; text-align: center }
  main { background: white; color: black; margin: 1rem; padding: 2rem 3rem; border-radius: 1rem }
  h1 { font-size: 3rem; margin: 0 }
  p { font-size: 1.4rem; margin: 0.5rem 0 0 }
</style>
<body style="background: ${color}">
<main>
<h1>Hello, world.</h1>
<p>My base image is ${color}, my Node ${process.version}.</p>
</main>
`;

http
  .createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    response.end(page);
  })
  .listen(Number(process.env.PORT || 80), process.env.HOST || '0.0.0.0');
