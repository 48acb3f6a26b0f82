// One event stream for all tabs of an app: browsers open six connections a host, so the seventh tab with a stream of its
// own would wait for ever. One tab, the holder of a lock, has the stream; the others hear it over a BroadcastChannel.
//
//     import { sharedEvents } from "/_wesktop/events.js";
//     const events = sharedEvents("/events");
//     events.addEventListener("tick", event => ...event.data, event.lastEventId);
//     events.addEventListener("reconnecting", ...);  // the stream is cut off
//     events.addEventListener("resumed", ...);       // and has gone on from where it was
//     events.addEventListener("reset", ...);         // some events were missed: load the state anew

const OWN = ["reconnecting", "resumed", "open", "error"];
const RETRY = 1000; // milliseconds, where the browser itself has given up, as after an error of a proxy

class SharedEvents extends EventTarget {
  #url;
  #channel;
  #source = null;
  #types = new Set(["reset"]);
  #lastEventId = "";
  #lost = false;
  #release = () => {};
  #closed = false;

  constructor(url) {
    super();
    this.#url = new URL(url, location.href);
    const name = `wesktop ${this.#url}`;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    this.#channel.postMessage({ ask: true });
    if (navigator.locks) {
      navigator.locks.request(name, () => this.#lead());
    } else {
      this.#lead();
    }
  }

  addEventListener(type, ...rest) {
    super.addEventListener(type, ...rest);
    if (!OWN.includes(type)) {
      this.#want(type);
      this.#channel.postMessage({ want: type });
    }
  }

  close() {
    this.#closed = true;
    this.#source?.close();
    this.#channel.close();
    this.#release();
  }

  #hear(message) {
    if (message.want) {
      this.#want(message.want);
    } else if (message.ask) {
      this.#types.forEach(type => this.#channel.postMessage({ want: type }));
    } else if (message.state) {
      this.#tell(message.state);
    } else {
      this.#dispatch(message);
    }
  }

  #want(type) {
    if (!this.#types.has(type)) {
      this.#types.add(type);
      this.#source?.addEventListener(type, this.#pass);
    }
  }

  // Runs for as long as this tab holds the lock, that is until it is closed.
  #lead() {
    if (this.#closed) return;
    this.#open();
    this.#channel.postMessage({ ask: true });
    return new Promise(resolve => { this.#release = resolve; });
  }

  #open() {
    if (this.#closed) return;
    const url = new URL(this.#url);
    if (this.#lastEventId) url.searchParams.set("lastEventId", this.#lastEventId);
    const source = this.#source = new EventSource(url);
    source.onopen = () => this.#lost && this.#share("resumed");
    source.onerror = () => {
      if (!this.#lost) this.#share("reconnecting");
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#open(), RETRY);
    };
    this.#types.forEach(type => source.addEventListener(type, this.#pass));
  }

  #pass = ({ type, data, lastEventId }) => {
    const message = { type, data, lastEventId };
    this.#channel.postMessage(message);
    this.#dispatch(message);
  };

  #share(state) {
    this.#channel.postMessage({ state });
    this.#tell(state);
  }

  #tell(state) {
    this.#lost = state === "reconnecting";
    this.dispatchEvent(new Event(state));
  }

  #dispatch({ type, data, lastEventId }) {
    if (lastEventId) this.#lastEventId = lastEventId;
    this.dispatchEvent(new MessageEvent(type, { data, lastEventId, origin: location.origin }));
  }
}

export function sharedEvents(url = "/events") {
  return new SharedEvents(url);
}
