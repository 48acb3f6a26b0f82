// One event stream for all tabs of an app: browsers open six connections a host, so the seventh tab with a stream of its
// own would wait indefinitely. One tab, the holder of a lock, has the stream; the others hear it over a BroadcastChannel.
//
//     import { sharedEvents } from "/_wesktop/events.js";
//     const events = sharedEvents("/events");
//     events.addEventListener("tick", event => ...event.data, event.lastEventId);
//     events.addEventListener("reconnecting", ...);  // the stream is cut off
//     events.addEventListener("resumed", ...);       // and has gone on from where it was
//     events.addEventListener("reset", ...);         // some events were missed: load the state anew

const OWN = ["reconnecting", "resumed", "open", "error"];
const POSITION = "wesktop-position"; // an event by which the server tells where the stream is, see there
const RETRY = 1000; // milliseconds, where the browser itself has given up, as after an error of a proxy
const REMEMBERED = 1000; // events by which one is known that has come twice, from the old holder and the new one

class SharedEvents extends EventTarget {
  #url;
  #channel = null; // without locks, which need HTTPS or localhost, each tab is for itself
  #source = null;
  #types = new Set(["reset"]);
  #position = ""; // the ID of the last event, wanted or not, that all tabs have been told
  #had = new Set();
  #lost = false;
  #release = () => {};
  #closed = false;

  constructor(url) {
    super();
    this.#url = new URL(url, location.href);
    if (!navigator.locks) {
      this.#open();
      return;
    }
    const name = `wesktop ${this.#url}`;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => this.#receive(data);
    this.#say({ ask: true });
    navigator.locks.request(name, () => this.#lead());
  }

  addEventListener(type, ...rest) {
    super.addEventListener(type, ...rest);
    if (!OWN.includes(type)) {
      this.#want(type);
      this.#say({ want: type });
    }
  }

  close() {
    this.#closed = true;
    this.#source?.close();
    this.#channel?.close();
    this.#release();
  }

  #say(message) {
    if (!this.#closed) this.#channel?.postMessage(message);
  }

  #receive(message) {
    if (message.want) {
      this.#want(message.want);
    } else if (message.ask) {
      this.#types.forEach(type => this.#say({ want: type }));
      if (this.#position) this.#say({ known: this.#position });
    } else if (message.known) {
      this.#position ||= message.known;
    } else if (message.position) {
      this.#position = message.position;
    } else if (message.state) {
      this.#setState(message.state);
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
    this.#say({ ask: true });
    return new Promise(resolve => { this.#release = resolve; });
  }

  #open() {
    if (this.#closed) return;
    const url = new URL(this.#url);
    url.searchParams.set("_wesktop", "positions");
    if (this.#position) url.searchParams.set("lastEventId", this.#position);
    const source = this.#source = new EventSource(url);
    source.onopen = () => this.#lost && this.#share("resumed");
    source.onerror = () => {
      if (!this.#lost) this.#share("reconnecting");
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#open(), RETRY);
    };
    source.addEventListener(POSITION, ({ lastEventId }) => this.#move(lastEventId));
    this.#types.forEach(type => source.addEventListener(type, this.#pass));
  }

  #move(position) {
    if (position === this.#position) return;
    this.#position = position;
    this.#say({ position });
  }

  #pass = ({ type, data, lastEventId }) => {
    const message = { type, data, lastEventId };
    this.#say(message);
    this.#dispatch(message);
  };

  #share(state) {
    this.#say({ state });
    this.#setState(state);
  }

  #setState(state) {
    this.#lost = state === "reconnecting";
    this.dispatchEvent(new Event(state));
  }

  #dispatch({ type, data, lastEventId }) {
    if (lastEventId) this.#position = lastEventId;
    if (type !== "reset" && this.#again(lastEventId)) return;
    this.dispatchEvent(new MessageEvent(type, { data, lastEventId, origin: location.origin }));
  }

  // Whether this tab has had the event: a tab that takes over may not yet have heard all that the last one has said.
  #again(id) {
    if (!id) return false;
    if (this.#had.has(id)) return true;
    this.#had.add(id);
    if (this.#had.size > REMEMBERED) this.#had.delete(this.#had.values().next().value);
    return false;
  }
}

export function sharedEvents(url = "/events") {
  return new SharedEvents(url);
}
