/* SPDX-License-Identifier: Apache-2.0 */
/* The stories: what services, agents and hosts write while a cloud is used. Each is told by a
 * function that writes the lines of one step; see struct job. */
#include "gen.h"

#define MS ((usec)1000)
#define SEC USEC_PER_SEC

static const char *const controllers[] = { "ctl-01", "ctl-02", "ctl-03" };
static const char *const computes[] = {
	"cmp-001", "cmp-002", "cmp-003", "cmp-004", "cmp-005", "cmp-006", "cmp-007", "cmp-008",
	"cmp-009", "cmp-010", "cmp-011", "cmp-012", "cmp-013", "cmp-014", "cmp-015", "cmp-016",
	"cmp-017", "cmp-018", "cmp-019", "cmp-020", "cmp-021", "cmp-022", "cmp-023", "cmp-024",
	"cmp-025", "cmp-026", "cmp-027", "cmp-028", "cmp-029", "cmp-030", "cmp-031", "cmp-032",
	"cmp-033", "cmp-034", "cmp-035", "cmp-036", "cmp-037", "cmp-038", "cmp-039", "cmp-040",
};
#define COMPUTES 40
#define CTL controllers[j->host % 3]
#define CMP computes[j->host % COMPUTES]

/* What lives now: instances, volumes, ports, networks, images come, are asked about, and go. */
#define LIVE 512
static struct id instances[LIVE], volumes[LIVE], ports[LIVE], images[32], networks[64];
static struct id own_request[COMPUTES]; /* what a compute node does by itself has one for ever */

static void life_start(void)
{
	for (int i = 0; i < LIVE; i++) {
		instances[i] = new_id();
		volumes[i] = new_id();
		ports[i] = new_id();
	}
	for (int i = 0; i < 32; i++)
		images[i] = new_id();
	for (int i = 0; i < 64; i++)
		networks[i] = new_id();
	for (int i = 0; i < COMPUTES; i++)
		own_request[i] = new_id();
}

static unsigned status_of_get(void)
{
	unsigned n = below(1000);

	return n < 950 ? 200 : n < 985 ? 404 : n < 993 ? 401 : n < 997 ? 403 : n < 999 ? 409 : 500;
}

static usec took_api(void)
{
	return 8 * MS + about(60 * MS) + (one_in(50) ? about(2 * SEC) : 0);
}

static unsigned size_of(unsigned status)
{
	return status >= 400 ? between(87, 240) : 300 + skewed(24000);
}

static void proxied(struct job *j, const char *front, const char *back, const char *server,
		    unsigned status, unsigned size, usec took, const char *method, const char *path)
{
	unsigned ms = (unsigned)(took / MS), connect = below(3);

	native("lb-01", "haproxy", 2914, INFO);
	tell("%A:%u [%D.%m] %s~ %s/%s 0/0/%u/%u/%u %u %u - - ---- %u/%u/%u/%u/0 0/0 "
	     "\"%s %s HTTP/1.1\"",
	     j->address, between(32768, 60999), (unsigned)(now % SEC / MS), front, back, server,
	     connect, ms, connect + ms, status, size, between(20, 90), between(2, 20), below(6),
	     below(4), method, path);
	answered(status, j->address);
	end();
}

static usec nova_api(struct job *j)
{
	static const char *const lists[] = { "/v2.1/servers/detail", "/v2.1/flavors/detail",
					     "/v2.1/os-services",    "/v2.1/os-hypervisors/detail",
					     "/v2.1/limits",	     "/v2.1/os-keypairs" };
	const struct id *i = &instances[skewed(LIVE)];
	const char *list = lists[skewed(6)];
	unsigned status = status_of_get(), size = size_of(status), kind = below(10);
	usec took = took_api();

	oslo(j, CTL, "nova-api", INFO, "nova.api.openstack.requestlog", &j->request, j->user);
	if (kind < 5)
		tell("%A \"GET %s\"", j->address, list);
	else if (kind < 9)
		tell("%A \"GET /v2.1/servers/%U\"", j->address, i);
	else
		tell("%A \"GET /v2.1/servers/%U/os-interface\"", j->address, i);
	tell(" status: %u len: %u microversion: 2.%u time: %t", status, size, below(4) ? 1u : 90u,
	     took);
	answered(status, j->address);
	end();
	if (kind < 5 && one_in(2))
		proxied(j, "nova_api", "nova_api", CTL, status, size, took, "GET", list);
	return JOB_DONE;
}

static usec neutron_api(struct job *j)
{
	unsigned status = status_of_get(), size = size_of(status), kind = below(4);

	oslo(j, CTL, "neutron-server", INFO, "neutron.wsgi", &j->request, j->user);
	tell("%A \"GET /v2.0/", j->address);
	if (kind == 0)
		tell("networks/%U", &networks[skewed(64)]);
	else if (kind == 1)
		tell("security-groups?fields=id&id=%U", &networks[skewed(64)]);
	else if (kind == 2)
		tell("floatingips?port_id=%U", &ports[skewed(LIVE)]);
	else
		tell("ports?device_id=%U", &instances[skewed(LIVE)]);
	tell(" HTTP/1.1\" status: %u  len: %u time: %t", status, size, took_api());
	answered(status, j->address);
	end();
	return JOB_DONE;
}

static usec keystone_login(struct job *j)
{
	bool bad = one_in(50);
	unsigned status = bad ? 401 : 201, size = bad ? 109u : between(2400, 7200);
	usec took = 40 * MS + about(60 * MS);

	if (j->step++ == 0 && bad) {
		oslo(j, CTL, "keystone", WARNING, "keystone.server.flask.application", &j->request,
		     NULL);
		tell("Authorization failed. The request you have made requires authentication. "
		     "from %A: keystone.exception.Unauthorized: The request you have made requires "
		     "authentication.",
		     j->address);
		truth.keystone_failures++;
		end();
	}
	bare(CTL, "keystone", j->pid, INFO);
	tell("[pid: %u|app: 0|req: %u/%u] %A () {%u vars in %u bytes} [%C] POST /v3/auth/tokens "
	     "=> generated %u bytes in %u msecs (HTTP/1.1 %u) 6 headers in %u bytes (1 switches on "
	     "core %u)",
	     j->pid, between(1, 90000), between(90000, 200000), j->address, between(32, 36),
	     between(780, 860), size, (unsigned)(took / MS), status, between(375, 385), below(4));
	answered(status, j->address);
	end();
	if (bad && one_in(3)) { /* it tries again */
		j->request = new_id();
		return 300 * MS + about(2 * SEC);
	}
	return JOB_DONE;
}

static usec glance_api(struct job *j)
{
	unsigned status = status_of_get();

	oslo(j, CTL, "glance-api", INFO, "eventlet.wsgi.server", &j->request, j->user);
	tell("%A - - [%D] \"GET /v2/images/%U%s HTTP/1.1\" %u %u %t", j->address,
	     &images[skewed(32)], one_in(8) ? "/file" : "", status, size_of(status), took_api());
	answered(status, j->address);
	end();
	return JOB_DONE;
}

static usec cinder_api(struct job *j)
{
	unsigned status;

	oslo(j, CTL, "cinder-api", INFO, "cinder.api.openstack.wsgi", &j->request, j->user);
	if (!j->step++) {
		j->object = volumes[skewed(LIVE)];
		tell("GET http://10.64.0.10:8776/v3/%H/volumes/%U", &j->user->project, &j->object);
		end();
		return took_api();
	}
	status = status_of_get();
	tell("http://10.64.0.10:8776/v3/%H/volumes/%U returned with HTTP %u", &j->user->project,
	     &j->object, status);
	end();
	return JOB_DONE;
}

static void compute(struct job *j, const char *logger)
{
	oslo(j, CMP, "nova-compute", INFO, logger, &j->request, j->user);
	tell("[instance: %U] ", &j->object);
}

static void lifecycle(struct job *j, const char *what)
{
	oslo(j, CMP, "nova-compute", INFO, "nova.compute.manager", &own_request[j->host % COMPUTES],
	     NULL);
	tell("[instance: %U] VM %s (Lifecycle Event)", &j->object, what);
	end();
}

static void took_to(struct job *j, usec time, const char *what, bool counted)
{
	compute(j, "nova.compute.manager");
	tell("Took %c seconds to %s", time, what);
	truth.took += counted && time >= 20 * SEC && time < 100 * SEC;
	end();
}

static usec build_claim(struct job *j)
{
	unsigned memory = 512u << below(6), disk = 10u << below(4), cpus = 1u << below(4);

	compute(j, "nova.compute.claims");
	tell("Attempting claim on node %s: memory %u MB, disk %u GB, vcpus %u CPU", CMP, memory,
	     disk, cpus);
	end();
	compute(j, "nova.compute.claims");
	tell("Total memory: 257561 MB, used: %u.00 MB", 4096 + skewed(200) * 1024);
	end();
	compute(j, "nova.compute.claims");
	tell("memory limit not specified, defaulting to unlimited");
	end();
	compute(j, "nova.compute.claims");
	tell("Claim successful on node %s", CMP);
	end();
	return about(SEC);
}

static void plugged(struct job *j, bool in)
{
	oslo(j, CMP, "nova-compute", INFO, "os_vif", &j->request, j->user);
	tell("Successfully %splugged vif VIFOpenVSwitch(active=False,address=fa:16:3e:%x,"
	     "bridge_name='br-int',has_traffic_filtering=True,id=%U,network=Network(%U),"
	     "plugin='ovs',port_profile=VIFPortProfileOpenVSwitch,preserve_on_delete=False,"
	     "vif_name='tap%u')",
	     in ? "" : "un", (unsigned)(j->other.b & 0xffffff), &j->other,
	     &networks[j->number % 64], (unsigned)(j->other.b & 0xfffffff));
	end();
}

static usec build(struct job *j)
{
	usec took;

	switch (j->step++) {
	case 0:
		j->object = instances[j->number % LIVE] = new_id();
		j->other = ports[j->number % LIVE] = new_id();
		oslo(j, CTL, "nova-api", INFO, "nova.api.openstack.requestlog", &j->request,
		     j->user);
		tell("%A \"POST /v2.1/servers\" status: 202 len: 426 microversion: 2.1 time: %t",
		     j->address, 400 * MS + about(300 * MS));
		answered(202, j->address);
		end();
		return 200 * MS + about(300 * MS);
	case 1:
		oslo(j, CTL, "placement", INFO, "placement.requestlog", &j->request, j->user);
		tell("10.64.0.1%u \"GET /allocation_candidates?limit=1000&resources=DISK_GB%%3A%u"
		     "%%2CMEMORY_MB%%3A%u%%2CVCPU%%3A%u\" status: 200 len: %u microversion: 1.36",
		     j->host % 3, 10u << below(4), 512u << below(6), 1u << below(4),
		     between(9000, 48000));
		end();
		return 300 * MS + about(300 * MS);
	case 2:
		return build_claim(j);
	case 3:
		compute(j, "nova.virt.libvirt.driver");
		tell("Creating image(s)");
		end();
		return 2 * SEC + about(6 * SEC);
	case 4:
		plugged(j, true);
		return about(2 * SEC);
	case 5:
		lifecycle(j, "Started");
		lifecycle(j, "Paused");
		return 2 * SEC + about(9 * SEC);
	case 6:
		lifecycle(j, "Resumed");
		compute(j, "nova.virt.libvirt.driver");
		tell("Instance spawned successfully.");
		end();
		took = now - j->at + 4 * SEC + about(14 * SEC);
		took_to(j, took, "spawn the instance on the hypervisor.", true);
		took_to(j, took + 500 * MS + about(400 * MS), "build instance.", true);
		return JOB_DONE;
	}
	return JOB_DONE;
}

static usec destroy(struct job *j)
{
	switch (j->step++) {
	case 0:
		j->object = instances[j->number % LIVE];
		j->other = ports[j->number % LIVE];
		oslo(j, CTL, "nova-api", INFO, "nova.api.openstack.requestlog", &j->request,
		     j->user);
		tell("%A \"DELETE /v2.1/servers/%U\" status: 204 len: 0 microversion: 2.1 time: "
		     "%t",
		     j->address, &j->object, 80 * MS + about(80 * MS));
		answered(204, j->address);
		end();
		return 100 * MS + about(200 * MS);
	case 1:
		compute(j, "nova.compute.manager");
		tell("Terminating instance");
		end();
		return 500 * MS + about(SEC);
	case 2:
		compute(j, "nova.virt.libvirt.driver");
		tell("Instance destroyed successfully.");
		end();
		lifecycle(j, "Stopped");
		plugged(j, false);
		compute(j, "nova.virt.libvirt.driver");
		tell("Deleting instance files /var/lib/nova/instances/%U_del", &j->object);
		end();
		compute(j, "nova.virt.libvirt.driver");
		tell("Deletion of /var/lib/nova/instances/%U_del complete", &j->object);
		end();
		took_to(j, 400 * MS + about(400 * MS), "destroy the instance on the hypervisor.",
			false);
		return 200 * MS + about(600 * MS);
	case 3:
		took_to(j, 300 * MS + about(500 * MS), "deallocate network for instance.", false);
		return JOB_DONE;
	}
	return JOB_DONE;
}

static usec resources(struct job *j)
{
	unsigned used = skewed(48);

	oslo(j, CMP, "nova-compute", j->step ? INFO : DEBUG, "nova.compute.resource_tracker",
	     &own_request[j->host % COMPUTES], NULL);
	if (!j->step++) {
		tell("Auditing locally available compute resources for %s (node: %s)", CMP, CMP);
		end();
		return 50 * MS + about(100 * MS);
	}
	tell("Final resource view: name=%s phys_ram=257561MB used_ram=%uMB phys_disk=3666GB "
	     "used_disk=%uGB total_vcpus=64 used_vcpus=%u pci_stats=[]",
	     CMP, 4096 + used * 2048, used * 20, used);
	end();
	return JOB_DONE;
}

static usec ovs_agent(struct job *j)
{
	oslo(j, CMP, "neutron-openvswitch-agent", INFO,
	     "neutron.plugins.ml2.drivers.openvswitch.agent.ovs_neutron_agent",
	     &own_request[j->host % COMPUTES], NULL);
	tell("Agent rpc_loop - iteration:%u completed. Processed ports statistics: {'regular': "
	     "{'added': %u, 'updated': %u, 'removed': 0}}. Elapsed:%t",
	     j->number, below(2), below(2), about(20 * MS));
	end();
	return JOB_DONE;
}

static usec metadata(struct job *j)
{
	static const char *const what[] = { "instance-id", "local-ipv4", "hostname", "public-keys",
					    "placement/availability-zone" };

	oslo(j, CTL, "nova-api-metadata", INFO, "nova.metadata.wsgi.server", NULL, NULL);
	tell("172.16.%u.%u,10.64.0.1%u \"GET /latest/meta-data/%s HTTP/1.1\" status: 200  len: %u "
	     "time: %t",
	     skewed(256), between(2, 254), below(3), what[below(5)], between(100, 160),
	     MS + about(9 * MS));
	end();
	return JOB_DONE;
}

static usec dhcp(struct job *j)
{
	unsigned net = skewed(256), host = between(2, 254), mac = (unsigned)(chance() & 0xffffff);
	unsigned tap = (unsigned)(networks[j->number % 64].a & 0xffffff);

	native("net-01", "dnsmasq-dhcp", j->pid, INFO);
	tell("DHCPREQUEST(tap%u) 172.16.%u.%u fa:16:3e:%x", tap, net, host, mac);
	end();
	native("net-01", "dnsmasq-dhcp", j->pid, INFO);
	tell("DHCPACK(tap%u) 172.16.%u.%u fa:16:3e:%x host-172-16-%u-%u", tap, net, host, mac, net,
	     host);
	end();
	return JOB_DONE;
}

static usec ssh_guess(struct job *j)
{
	static const char *const names[] = { "root", "admin", "ubuntu", "test", "oracle", "git" };
	const char *name = names[skewed(6)];

	if (!j->step)
		j->number = between(2, 12);
	j->pid = between(2000, 65000);
	native(CTL, "sshd", j->pid, INFO);
	if (one_in(3))
		tell("Failed password for %s from %A port %u ssh2", "root", j->address,
		     between(32768, 60999));
	else
		tell("Failed password for invalid user %s from %A port %u ssh2", name, j->address,
		     between(32768, 60999));
	truth.ssh_failures++;
	end();
	if (++j->step < j->number)
		return SEC + about(2 * SEC);
	native(CTL, "sshd", j->pid, INFO);
	tell("Connection closed by authenticating user root %A port %u [preauth]", j->address,
	     between(32768, 60999));
	end();
	return JOB_DONE;
}

static usec ssh_login(struct job *j)
{
	switch (j->step++) {
	case 0:
		native(CMP, "sshd", j->pid, INFO);
		tell("Accepted publickey for ops%u from %A port %u ssh2: ED25519 SHA256:%H",
		     j->user->name % 9, j->address, between(32768, 60999), &j->user->id);
		end();
		native(CMP, "sshd", j->pid, INFO);
		tell("pam_unix(sshd:session): session opened for user ops%u(uid=%u) by (uid=0)",
		     j->user->name % 9, 1000 + j->user->name % 9);
		end();
		return 5 * SEC + about(300 * SEC);
	case 1:
		native(CMP, "sudo", j->pid + 7, INFO);
		tell("    ops%u : TTY=pts/%u ; PWD=/home/ops%u ; USER=root ; COMMAND=/usr/bin/"
		     "systemctl status nova-compute",
		     j->user->name % 9, below(4), j->user->name % 9);
		end();
		return about(300 * SEC);
	case 2:
		native(CMP, "sshd", j->pid, INFO);
		tell("pam_unix(sshd:session): session closed for user ops%u", j->user->name % 9);
		end();
		return JOB_DONE;
	}
	return JOB_DONE;
}

static usec cron(struct job *j)
{
	native(CMP, "CRON", j->pid, INFO);
	tell("(root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)");
	end();
	return JOB_DONE;
}

static usec bus_trouble(struct job *j)
{
	if (!j->step++) {
		oslo(j, CMP, "nova-compute", ERROR, "oslo.messaging._drivers.impl_rabbit",
		     &j->request, NULL);
		tell("[%U] AMQP server on 10.64.0.1%u:5672 is unreachable: [Errno 104] Connection "
		     "reset by peer. Trying again in 1 seconds.",
		     &j->object, j->number % 3);
		end();
		return SEC + about(SEC);
	}
	oslo(j, CMP, "nova-compute", INFO, "oslo.messaging._drivers.impl_rabbit", &j->request,
	     NULL);
	tell("[%U] Reconnected to AMQP server on 10.64.0.1%u:5672 via [amqp] client with port %u.",
	     &j->object, j->number % 3, between(32768, 60999));
	end();
	return JOB_DONE;
}

static usec no_host(struct job *j)
{
	static const char *const trace[] = {
		"Traceback (most recent call last):",
		"  File \"/usr/lib/python3/dist-packages/nova/conductor/manager.py\", line 1580, "
		"in "
		"schedule_and_build_instances",
		"    host_lists = self._schedule_instances(context, request_specs[0],",
		"  File \"/usr/lib/python3/dist-packages/nova/conductor/manager.py\", line 940, in "
		"_schedule_instances",
		"    host_lists = self.query_client.select_destinations(",
		"  File \"/usr/lib/python3/dist-packages/oslo_messaging/rpc/client.py\", line 189, "
		"in "
		"call",
		"    result = self.transport._send(",
		"nova.exception_Remote.NoValidHost_Remote: No valid host was found. There are not "
		"enough hosts available.",
	};

	oslo(j, CTL, "nova-conductor", ERROR, "nova.conductor.manager", &j->request, j->user);
	tell("Failed to schedule instances: nova.exception_Remote.NoValidHost_Remote: No valid "
	     "host was found. There are not enough hosts available.");
	end();
	for (unsigned i = 0; i < sizeof(trace) / sizeof(*trace); i++) {
		oslo(j, CTL, "nova-conductor", ERROR, "nova.conductor.manager", &j->request,
		     j->user);
		tell("%s", trace[i]);
		truth.tracebacks++;
		end();
	}
	return JOB_DONE;
}

static const struct {
	usec (*tell)(struct job *j);
	unsigned weight; /* of 10,000 */
} stories[] = { { nova_api, 3300 },  { neutron_api, 1700 }, { keystone_login, 1000 },
		{ glance_api, 400 }, { cinder_api, 600 },   { resources, 700 },
		{ ovs_agent, 700 },  { metadata, 400 },	    { dhcp, 250 },
		{ build, 300 },	     { destroy, 290 },	    { ssh_guess, 90 },
		{ ssh_login, 60 },   { cron, 180 },	    { bus_trouble, 20 },
		{ no_host, 10 } };

struct job any_story(void)
{
	static bool started;
	unsigned n = below(10000), k = 0;
	struct job j = { 0 };

	if (!started)
		life_start();
	started = true;
	while (n >= stories[k].weight)
		n -= stories[k++].weight;
	j.at = now;
	j.tell = stories[k].tell;
	j.host = below(120);
	j.pid = 2000 + j.host * 37 % 997 + k * 1009;
	j.address = any_address();
	j.number = below(100000);
	j.user = any_user();
	j.request = new_id();
	j.object = new_id();
	return j;
}
