// Shows the API's description. A file of its own, because the page's policy allows no inline script.
const place = document.getElementById("api");

window.ui = SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  deepLinking: true,
  displayRequestDuration: true,
  // Asks no outside service to judge the document.
  validatorUrl: null,
});

export {}; // a module: nothing here is global
