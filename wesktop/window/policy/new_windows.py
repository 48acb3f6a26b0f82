"""New windows of the app's own origin, for which its page asks: they become its window, by the page's own doing.

An engine does not say which frame asks for a new window. If the window loaded what is asked for, a click in a
foreign frame would be taken for the user's own (Fetch Metadata, `Sec-Fetch-Site: none`), session and all. So it loads
nothing. A script in the documents of the app's own origin has their links, forms and `open()` go to the top frame
instead, and the engine says which frame asks. What the script does not see opens nowhere: a link in a closed shadow
tree, or
in no document.
"""

SCRIPT = """(() => {
  try { if (top.location.origin !== origin) return } catch { return }
  const { URL, open } = window;  // the page may have others by these names
  const { submit } = HTMLFormElement.prototype;

  const named = (frame, name) => {
    if (frame[name]?.window === frame[name] && frame[name]) return true;
    for (let i = 0; i < frame.length; i++) try { if (named(frame[i], name)) return true } catch {}
    return false;
  };
  const isNew = target => target && !/^_(self|parent|top)$/i.test(target) && !named(top, target);
  const own = url => { try { return new URL(url, document.baseURI).origin === origin } catch { return false } };
  const inherited = () => document.querySelector("base[target]")?.target;

  // The engine reads the target after the event.
  const toTop = (element, attribute, url) => {
    const target = element.getAttribute(attribute);
    if (!isNew(target ?? inherited()) || !own(url)) return;
    element.setAttribute(attribute, "_top");
    setTimeout(() => target === null ? element.removeAttribute(attribute) : element.setAttribute(attribute, target));
  };
  const address = link => link.getAttribute("href") ?? link.getAttribute("xlink:href");
  const isLink = node => /^(a|area)$/i.test(node.localName) && address(node) !== null;
  const link = event => event.composedPath().find(isLink);
  const submitting = (form, submitter) => {
    const url = submitter?.getAttribute("formaction") || form.getAttribute("action") || document.URL;
    if (submitter?.hasAttribute("formtarget")) toTop(submitter, "formtarget", url); else toTop(form, "target", url);
  };
  addEventListener("click", event => {
    const clicked = link(event);
    if (clicked) toTop(clicked, "target", address(clicked));
  }, true);
  addEventListener("submit", event => submitting(event.target, event.submitter), true);
  HTMLFormElement.prototype.submit = function () { submitting(this); submit.call(this) };

  // Chromium has these open a new window whatever the target.
  const modified = event => {
    const clicked = link(event);
    if (event.defaultPrevented || !clicked || !own(address(clicked))) return;
    if (!(event.button === 1 || event.button === 0 && (event.ctrlKey || event.metaKey || event.shiftKey))) return;
    event.preventDefault();
    top.location = new URL(address(clicked), document.baseURI);
  };
  addEventListener("click", modified);
  addEventListener("auxclick", modified);

  window.open = (url = "", target = "_blank", ...features) => {
    const asked = `${url}` !== "" && own(url) && isNew(`${target}` || "_blank");
    if (!asked) return open.call(window, url, target, ...features);
    if (navigator.userActivation?.isActive !== false) top.location = new URL(url, document.baseURI);
    return null;
  };
})()"""
