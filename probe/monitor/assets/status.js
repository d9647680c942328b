"use strict";

// The page as the server rendered it is complete. This makes times local, and renews what has changed
// when /live tells of a finished run, without moving the reader.

const main = document.getElementById("main");
const live = document.getElementById("live");
const told = document.getElementById("told");
// Sections as the server wrote them, before times became local.
const sources = new WeakMap([...main.children].map((section) => [section, section.outerHTML]));
let pause = 1000;
let due = null;
let stale = false;

function age(seconds) {
	if (seconds < 5) return "just now";
	if (seconds < 90) return `${Math.round(seconds)} s ago`;
	if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
	if (seconds < 129600) return `${Math.round(seconds / 3600)} h ago`;
	return `${Math.round(seconds / 86400)} days ago`;
}

function showTimes() {
	for (const time of document.querySelectorAll("time[datetime]")) {
		const at = new Date(time.dateTime);
		if (Number.isNaN(at.getTime())) continue;
		const text = age((Date.now() - at.getTime()) / 1000);
		if (time.textContent !== text) time.textContent = text;
		time.title = at.toLocaleString();
	}
}

function say(text) {
	if (live.textContent !== text) live.textContent = text;
}

// Sections that differ are replaced, those that stay are not even moved: focus, selection and scroll
// position in them stay as well. A link that had the focus has it in its new place.
function replace(next) {
	const at = main.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
	const stays = new Map();
	const fresh = [...next.children];
	for (const old of [...main.children]) {
		const match = fresh.find((section) => section.id === old.id);
		if (match && sources.get(old) === match.outerHTML) stays.set(old.id, old);
		else old.remove();
	}
	let place = main.firstElementChild;
	for (const section of fresh) {
		const kept = stays.get(section.id);
		if (kept) {
			place = kept.nextElementSibling;
			continue;
		}
		sources.set(section, section.outerHTML);
		main.insertBefore(section, place);
	}
	if (at && !main.contains(document.activeElement)) main.querySelector(`[href="${CSS.escape(at)}"]`)?.focus();
}

async function renew() {
	due = null;
	if (document.hidden) {
		stale = true;
		return;
	}
	stale = false;
	try {
		const answer = await fetch(location.href, {credentials: "same-origin"});
		if (!answer.ok) throw new Error(String(answer.status));
		const page = new DOMParser().parseFromString(await answer.text(), "text/html");
		// Read out, also to who looks at another part of the page.
		if (document.title !== page.title) told.textContent = page.title;
		document.title = page.title;
		replace(page.getElementById("main"));
		showTimes();
	} catch {
		say("the monitor does not answer");
	}
}

function listen() {
	const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
	socket.onopen = () => {
		pause = 1000;
		say("live");
		due ??= setTimeout(renew, 0);
	};
	socket.onmessage = () => {
		due ??= setTimeout(renew, 1000);
	};
	socket.onclose = () => {
		say("not live: connecting again");
		setTimeout(listen, pause);
		pause = Math.min(pause * 2, 30000);
	};
}

document.addEventListener("visibilitychange", () => {
	if (!document.hidden && stale) renew();
});
showTimes();
setInterval(showTimes, 1000);
listen();
