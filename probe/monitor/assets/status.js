"use strict";

// The page as the server rendered it is complete. This makes times local, and renews what has changed
// when /live tells of a finished run, without moving the reader.

const main = document.getElementById("main");
const live = document.getElementById("live");
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

// Sections that differ are replaced, so that focus, selection and open details elsewhere stay.
function replace(next) {
	const olds = [...main.children];
	const news = [...next.children];
	if (olds.length !== news.length || olds.some((o, i) => o.id !== news[i].id)) {
		main.replaceChildren(...news);
		return;
	}
	olds.forEach((old, i) => {
		if (old.dataset.source === news[i].outerHTML) return;
		const source = news[i].outerHTML;
		const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
		old.replaceWith(news[i]);
		news[i].dataset.source = source;
		if (focused) news[i].querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
	});
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
