<!DOCTYPE html>
<!--
# expect: all=raised
-->
<html lang="en">
<head><title>Sign in</title><script>document.title = "gradients.py"</script></head>
<body><form action="/login?from=gradients.py">Your session has expired. Please sign in to download gradients.py.</form></body>
</html>
