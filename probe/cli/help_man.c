/* `help man`: the manual page. The topics of help are its sections. */
#include <stdio.h>

#include "gen/version.h"
#include "help_private.h"

static void print_synopsis(void)
{
	help_man_section("synopsis");
	for (size_t i = 0; commands[i]; i++) {
		printf("%s\\fBgoldprobe %s\\fR ", i ? ".br\n" : "", commands[i]->name);
		if (commands[i]->bit != FOR_HELP)
			printf("[\\fIFLAG\\fR...] ");
		help_man_text(str_of(commands[i]->operands));
		putchar('\n');
	}
}

static void print_commands(struct cli *cli)
{
	help_man_section("commands");
	for (size_t i = 0; commands[i]; i++)
		help_row(
			arena_printf(cli->arena, "%s %s", commands[i]->name, commands[i]->operands),
			commands[i]->help);
}

static const char *names_of(struct arena *arena, unsigned bits)
{
	const char *names = "";

	if (bits == FOR_ALL)
		return "all commands";
	for (size_t i = 0; commands[i]; i++)
		if (bits & commands[i]->bit)
			names = arena_printf(
				arena, "%s%s%s", names, *names ? ", " : "", commands[i]->name);
	return names;
}

static void print_options(struct cli *cli)
{
	struct arena *arena = cli->arena;

	help_man_section("options");
	help_text("Each --some-flag has the environment twin GOLDPROBE_SOME_FLAG. A flag beats the "
		  "environment, the environment beats the file, the file beats the default.");
	for (const struct flag *f = flags; f->name; f++) {
		const char *letter = f->letter ? arena_printf(arena, "-%c, ", f->letter) : "";

		help_row(arena_printf(arena, "%s--%s%s%s", letter, f->name, f->arg ? " " : "",
				 f->arg ? f->arg : ""),
			arena_printf(arena, "%s [%s]", f->help, names_of(arena, f->commands)));
	}
}

static bool is_section(const char *topic)
{
	static const char *const others[] = {"flags", "rules", "schema", "schema run", "man", NULL};

	for (size_t i = 0; others[i]; i++)
		if (strcmp(others[i], topic) == 0)
			return false;
	return !str_starts(str_of(topic), "completion ");
}

static void print_environment(void)
{
	help_man_section("environment");
	help_row("GOLDPROBE_SOME_FLAG", "the value of --some-flag");
	help_row("GOLDPROBE_VAR_NAME", "the value of a variable, without regard to case");
	help_row("CLOUD_RUN_SERVICE_URLS, PORT",
		"the target, when neither a flag nor the scenario says it");
	help_row("http_proxy, https_proxy, no_proxy", "as curl takes them; never for loopback");
	help_row("NO_COLOR", "no color");
	help_row("KUBECONFIG", "how pods' logs are reached from outside of a cluster");
	help_row("GOOGLE_APPLICATION_CREDENTIALS, GCE_METADATA_HOST",
		"where Google's credentials come from");
	help_row("GITHUB_STEP_SUMMARY", "the file that the report 'github' adds its summary to");
}

void help_man(struct cli *cli)
{
	help_as_man();
	puts(".TH GOLDPROBE 1 \"\" \"goldprobe " GOLDPROBE_VERSION "\" \"User Commands\"");
	help_man_section("name");
	puts("goldprobe \\- says whether the golden path of a backend works, and why not");
	print_synopsis();
	help_man_section("description");
	help_text("goldprobe drives a backend the way its first user will, reads what it logged "
		  "meanwhile, connects the two, and says in one line whether the golden path "
		  "works, and, when not, why, where and what to do. The same scenario file serves "
		  "as startup probe, post-deploy smoke test and scheduled monitor.");
	print_commands(cli);
	print_options(cli);
	for (const struct help_topic *topic = help_topics; topic->name; topic++) {
		if (!is_section(topic->name))
			continue;
		help_man_section(topic->name);
		topic->print(cli);
	}
	for (size_t i = 0; vocabulary.steps[i]; i++) {
		help_man_section(arena_printf(cli->arena, "step %s", vocabulary.steps[i]->name));
		help_kind(cli, vocabulary.steps[i]);
	}
	print_environment();
	help_man_section("examples");
	help_text("  goldprobe check http://127.0.0.1:8080/health --wait 60s\n"
		  "  goldprobe run golden-path.yaml --logs backend.log -r html=report.html\n"
		  "  goldprobe run golden-path.yaml -- ./backend --port 8080\n"
		  "  goldprobe serve golden-path.yaml --every 60s --store history.db");
	help_man_section("see also");
	puts("curl(1), promtool(1)");
}
