// Sends the one form of the page at once. Without script its button does.

document.querySelector("form[data-send]")?.submit();
