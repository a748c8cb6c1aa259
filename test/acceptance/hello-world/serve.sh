# A page that names the colour of its base image.
mkdir -p /tmp/www
echo "<body style=\"background: $BACKGROUND_COLOR\">" > /tmp/www/index.html
exec httpd -f -p "127.0.0.1:$PORT" -h /tmp/www
