// A page in the colour of its base image: BACKGROUND_COLOR is set there, not here.
const http = require('node:http');

const color = process.env.BACKGROUND_COLOR || 'white';
const page = `<!doctype html>
<title>hello-world</title>
<body style="background: ${color}; font: 3em sans-serif; text-align: center; padding-top: 20vh">
Hello, world.<br><small>My base image is ${color}, my Node ${process.version}.</small>
`;

http
  .createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    response.end(page);
  })
  .listen(Number(process.env.PORT || 80), process.env.HOST || '0.0.0.0');
