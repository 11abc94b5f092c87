// SPDX-License-Identifier: GPL-2.0
/*
 * console_guest.c - the ttys tty0 .. tty15 and the printk console, over the channels of console.h
 *
 * Input:   the line's interrupt fetches input straight into the flip buffer, as much as fits. When the line
 *          discipline asks to be spared (throttle), or the flip buffer is full, input stays on the host, so
 *          that a large paste loses nothing; unthrottle, or a look a tick later, goes on.
 * Output:  write() hands bytes to the host at once. Only what the host does not take waits in the port's
 *          transmit fifo, until the line says that there is room, or until ^Q.
 * Hang-up: when the host's terminal is gone the tty is hung up, once. Afterwards the console opens, discards
 *          output and has no input: a getty that comes back waits instead of spinning.
 * Locks:   rx_lock serializes host_chan_read(), tx_lock host_chan_write() and the fifo; neither is taken inside
 *          the other. @is_open and the fifo's memory change under both.
 * Nodes:   a console without a channel has none; opening it by its number fails with ENODEV.
 */
#define pr_fmt(fmt) "um-console: " fmt

#include <linux/kd.h>
#include <linux/console.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/slab.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/tty_flip.h>
#include <linux/workqueue.h>
#include <um/lines.h>

#include "console.h"

#define UMCON_CHUNK	2048		/* bytes of input fetched by one host call */
#define UMCON_WAKE	(PAGE_SIZE / 4)	/* writers are woken when no more than this waits in the fifo */

/**
 * struct umcon - one console; exists if the console has a channel
 * @port:      its xmit_fifo is guarded by @tx_lock
 * @index:     the n of tty<n>
 * @words:     for the boot log
 * @has_channel: constant after umcon_early_init()
 *
 * @rx_lock guards:
 * @is_open:   between activate and shutdown (also @tx_lock)
 * @is_throttled: the line discipline is full
 * @rx_buf:    on the way from the host to the flip buffer
 *
 * @tx_lock guards:
 * @is_stopped: ^S
 *
 * @retry_work: looks for input again, where no interrupt will tell
 */
struct umcon {
	struct tty_port port;
	unsigned int index;
	struct um_chan_info info;
	bool has_channel;

	spinlock_t rx_lock;
	bool is_open;
	bool is_throttled;
	u8 rx_buf[UMCON_CHUNK];

	spinlock_t tx_lock;
	bool is_stopped;

	struct delayed_work retry_work;
};

static struct umcon umcons[UM_CHAN_NR];
static struct tty_driver *umcon_driver;

/* Fetch what fits; returns in how many jiffies to look again, 0 if the line or unthrottle will tell. */
static unsigned long umcon_fetch(struct umcon *con, bool *is_gone_out)
{
	bool pushed = false;
	unsigned long retry = 0;

	while (con->is_open && !con->is_throttled) {
		int room = tty_buffer_request_room(&con->port, UMCON_CHUNK);
		long n;

		if (!room) {
			retry = 1;
			break;
		}
		n = host_chan_read(con->index, con->rx_buf, room);
		if (n <= 0) {
			*is_gone_out = n == -EIO;
			retry = n == -EBUSY ? HZ : 0;
			break;
		}
		tty_insert_flip_string(&con->port, con->rx_buf, n);
		pushed = true;
	}
	if (pushed)
		tty_flip_buffer_push(&con->port);
	return retry;
}

static void umcon_receive(struct umcon *con)
{
	bool is_gone = false;
	unsigned long flags, retry;

	spin_lock_irqsave(&con->rx_lock, flags);
	retry = umcon_fetch(con, &is_gone);
	if (retry)
		schedule_delayed_work(&con->retry_work, retry);
	spin_unlock_irqrestore(&con->rx_lock, flags);
	if (is_gone)
		tty_port_tty_hangup(&con->port, false);
}

static void umcon_retry(struct work_struct *work)
{
	umcon_receive(container_of(to_delayed_work(work), struct umcon, retry_work));
}

/* Give the fifo's bytes to the host; under tx_lock. Returns -EIO if the terminal is gone. */
static long umcon_drain(struct umcon *con)
{
	unsigned int len;
	long n = 0;
	u8 *bytes;

	while (con->is_open && !con->is_stopped) {
		len = kfifo_out_linear_ptr(&con->port.xmit_fifo, &bytes, PAGE_SIZE);
		if (!len)
			break;
		n = host_chan_write(con->index, bytes, len);
		if (n < 0)
			kfifo_reset(&con->port.xmit_fifo);
		else
			kfifo_skip_count(&con->port.xmit_fifo, n);
		if (n < len)
			break;
	}
	return n;
}

static void umcon_transmit(struct umcon *con)
{
	unsigned long flags;
	bool may_wake;
	long n;

	spin_lock_irqsave(&con->tx_lock, flags);
	n = umcon_drain(con);
	may_wake = con->is_open && kfifo_len(&con->port.xmit_fifo) <= UMCON_WAKE;
	spin_unlock_irqrestore(&con->tx_lock, flags);
	if (n == -EIO)
		tty_port_tty_hangup(&con->port, false);
	if (may_wake)
		tty_port_tty_wakeup(&con->port);
}

static irqreturn_t umcon_interrupt(int irq, void *unused)
{
	unsigned int i;

	for (i = 0; i < UM_CHAN_NR; i++) {
		struct umcon *con = &umcons[i];

		if (!READ_ONCE(con->is_open))
			continue;
		umcon_receive(con);
		umcon_transmit(con);
	}
	return IRQ_HANDLED;
}

static void umcon_set_open(struct umcon *con, bool is_open)
{
	unsigned long flags;

	spin_lock_irqsave(&con->rx_lock, flags);
	WRITE_ONCE(con->is_open, is_open);
	con->is_throttled = false;
	spin_unlock_irqrestore(&con->rx_lock, flags);
	/* Whoever still transmits under the old value has left before this returns. */
	spin_lock_irqsave(&con->tx_lock, flags);
	con->is_stopped = false;
	spin_unlock_irqrestore(&con->tx_lock, flags);
}

static int umcon_activate(struct tty_port *port, struct tty_struct *tty)
{
	struct umcon *con = container_of(port, struct umcon, port);
	int err;

	err = tty_port_alloc_xmit_buf(port);
	if (err)
		return err;
	host_chan_open(con->index);
	umcon_set_open(con, true);
	umcon_receive(con);
	return 0;
}

static void umcon_shutdown(struct tty_port *port)
{
	struct umcon *con = container_of(port, struct umcon, port);

	umcon_set_open(con, false);
	cancel_delayed_work_sync(&con->retry_work);
	tty_port_free_xmit_buf(port);
}

static const struct tty_port_operations umcon_port_ops = {
	.activate = umcon_activate,
	.shutdown = umcon_shutdown,
};

static void umcon_get_size(struct umcon *con, struct winsize *ws)
{
	__u16 rows, cols;

	if (host_chan_size(con->index, &rows, &cols))
		return;
	ws->ws_row = rows;
	ws->ws_col = cols;
}

static int umcon_install(struct tty_driver *driver, struct tty_struct *tty)
{
	struct umcon *con = &umcons[tty->index];

	if (!con->has_channel)
		return -ENODEV;
	tty->driver_data = con;
	umcon_get_size(con, &tty->winsize);
	return tty_port_install(&con->port, driver, tty);
}

static int umcon_open(struct tty_struct *tty, struct file *filp)
{
	return tty_port_open(tty->port, tty, filp);
}

static void umcon_close(struct tty_struct *tty, struct file *filp)
{
	if (tty->driver_data)
		tty_port_close(tty->port, tty, filp);
}

static void umcon_hangup(struct tty_struct *tty)
{
	tty_port_hangup(tty->port);
}

static ssize_t umcon_write(struct tty_struct *tty, const u8 *buf, size_t count)
{
	struct umcon *con = tty->driver_data;
	unsigned long flags;
	size_t done = 0;
	long n = 0;

	spin_lock_irqsave(&con->tx_lock, flags);
	if (con->is_open && !con->is_stopped && kfifo_is_empty(&con->port.xmit_fifo)) {
		n = host_chan_write(con->index, buf, count);
		done = n < 0 ? count : n;
	}
	if (con->is_open && done < count)
		done += kfifo_in(&con->port.xmit_fifo, buf + done, count - done);
	spin_unlock_irqrestore(&con->tx_lock, flags);
	if (n == -EIO)
		tty_port_tty_hangup(&con->port, false);
	return done;
}

static unsigned int umcon_write_room(struct tty_struct *tty)
{
	struct umcon *con = tty->driver_data;
	unsigned int room = 0;
	unsigned long flags;

	spin_lock_irqsave(&con->tx_lock, flags);
	if (con->is_open)
		room = kfifo_avail(&con->port.xmit_fifo);
	spin_unlock_irqrestore(&con->tx_lock, flags);
	return room;
}

static unsigned int umcon_chars_in_buffer(struct tty_struct *tty)
{
	struct umcon *con = tty->driver_data;
	unsigned int len = 0;
	unsigned long flags;

	spin_lock_irqsave(&con->tx_lock, flags);
	if (con->is_open)
		len = kfifo_len(&con->port.xmit_fifo);
	spin_unlock_irqrestore(&con->tx_lock, flags);
	return len;
}

static void umcon_flush_buffer(struct tty_struct *tty)
{
	struct umcon *con = tty->driver_data;
	unsigned long flags;

	spin_lock_irqsave(&con->tx_lock, flags);
	if (con->is_open)
		kfifo_reset(&con->port.xmit_fifo);
	spin_unlock_irqrestore(&con->tx_lock, flags);
	tty_wakeup(tty);
}

/* Called by the tty core under its flow lock. */
static void umcon_stop(struct tty_struct *tty)
{
	struct umcon *con = tty->driver_data;
	unsigned long flags;

	spin_lock_irqsave(&con->tx_lock, flags);
	con->is_stopped = true;
	spin_unlock_irqrestore(&con->tx_lock, flags);
}

static void umcon_start(struct tty_struct *tty)
{
	struct umcon *con = tty->driver_data;
	unsigned long flags;
	long n;

	spin_lock_irqsave(&con->tx_lock, flags);
	con->is_stopped = false;
	n = umcon_drain(con);
	spin_unlock_irqrestore(&con->tx_lock, flags);
	if (n == -EIO)
		tty_port_tty_hangup(&con->port, false);
}

static void umcon_set_throttled(struct umcon *con, bool is_throttled)
{
	unsigned long flags;

	spin_lock_irqsave(&con->rx_lock, flags);
	con->is_throttled = is_throttled;
	spin_unlock_irqrestore(&con->rx_lock, flags);
}

static void umcon_throttle(struct tty_struct *tty)
{
	umcon_set_throttled(tty->driver_data, true);
}

static void umcon_unthrottle(struct tty_struct *tty)
{
	umcon_set_throttled(tty->driver_data, false);
	umcon_receive(tty->driver_data);
}

/*
 * An init program takes /dev/tty0 for a virtual terminal and asks to be told of the key combination for "kbrequest". There is no
 * keyboard here, so accepting that changes nothing, and it saves the user a warning at each boot.
 */
static int umcon_ioctl(struct tty_struct *tty, unsigned int cmd, unsigned long arg)
{
	return cmd == KDSIGACCEPT ? 0 : -ENOIOCTLCMD;
}

static const struct tty_operations umcon_ops = {
	.ioctl = umcon_ioctl,
	.install = umcon_install,
	.open = umcon_open,
	.close = umcon_close,
	.hangup = umcon_hangup,
	.write = umcon_write,
	.write_room = umcon_write_room,
	.chars_in_buffer = umcon_chars_in_buffer,
	.flush_buffer = umcon_flush_buffer,
	.stop = umcon_stop,
	.start = umcon_start,
	.throttle = umcon_throttle,
	.unthrottle = umcon_unthrottle,
};

/* The window may have a new size: the tty's foreground job gets SIGWINCH if it has. */
static void umcon_resize(struct work_struct *work)
{
	unsigned int i;

	for (i = 0; i < UM_CHAN_NR; i++) {
		struct tty_struct *tty;
		struct winsize ws;

		if (!umcons[i].has_channel)
			continue;
		tty = tty_port_tty_get(&umcons[i].port);
		if (!tty)
			continue;
		ws = tty->winsize;
		umcon_get_size(&umcons[i], &ws);
		tty_do_resize(tty, &ws);
		tty_kref_put(tty);
	}
}

static DECLARE_WORK(umcon_resize_work, umcon_resize);

static irqreturn_t umcon_winch(int irq, void *unused)
{
	schedule_work(&umcon_resize_work);
	return IRQ_HANDLED;
}

static void umcon_print(struct console *co, const char *s, unsigned int len)
{
	host_chan_print(co->index, s, len);
}

static struct tty_driver *umcon_print_device(struct console *co, int *index)
{
	*index = co->index;
	return umcon_driver;
}

/* The console asked for (tty0 if none was), or else the first that has a channel, so that messages are seen at all. */
static int umcon_print_setup(struct console *co, char *options)
{
	short i;

	if (co->index >= 0 && co->index < UM_CHAN_NR && umcons[co->index].has_channel)
		return 0;
	for (i = 0; i < UM_CHAN_NR; i++) {
		if (umcons[i].has_channel) {
			co->index = i;
			return 0;
		}
	}
	return -ENODEV;
}

static struct console umcon_console = {
	.name = "tty",
	.write = umcon_print,
	.device = umcon_print_device,
	.setup = umcon_print_setup,
	.flags = CON_PRINTBUFFER | CON_ANYTIME,
	.index = -1,
};

/* Channels are attached here, early, for printk; the ttys follow when the tty layer is up. */
static int __init umcon_early_init(void)
{
	unsigned int i;

	for (i = 0; i < UM_CHAN_NR; i++) {
		struct umcon *con = &umcons[i];

		con->index = i;
		spin_lock_init(&con->rx_lock);
		spin_lock_init(&con->tx_lock);
		INIT_DELAYED_WORK(&con->retry_work, umcon_retry);
		con->has_channel = !host_chan_setup(i, &con->info);
	}
	register_console(&umcon_console);
	return 0;
}
console_initcall(umcon_early_init);

static int __init umcon_make_driver(void)
{
	struct tty_driver *driver;
	unsigned int i;
	int err;

	driver = tty_alloc_driver(UM_CHAN_NR, TTY_DRIVER_REAL_RAW | TTY_DRIVER_DYNAMIC_DEV |
				  TTY_DRIVER_DYNAMIC_ALLOC);
	if (IS_ERR(driver))
		return PTR_ERR(driver);
	driver->driver_name = "um-console";
	driver->name = "tty";
	driver->major = TTY_MAJOR;
	driver->minor_start = 0;
	driver->type = TTY_DRIVER_TYPE_CONSOLE;
	driver->init_termios = tty_std_termios;
	driver->init_termios.c_cflag |= CLOCAL;
	tty_set_operations(driver, &umcon_ops);
	for (i = 0; i < UM_CHAN_NR; i++) {
		tty_port_init(&umcons[i].port);
		umcons[i].port.ops = &umcon_port_ops;
	}
	err = tty_register_driver(driver);
	if (err)
		tty_driver_kref_put(driver);
	else
		umcon_driver = driver;
	return err;
}

static void __init umcon_make_node(struct umcon *con)
{
	struct device *dev = tty_register_device(umcon_driver, con->index, NULL);

	if (IS_ERR(dev))
		pr_err("tty%u has no node: %pe\n", con->index, dev);
	pr_info("tty%u is %s\n", con->index, con->info.words);
}

static int __init umcon_init(void)
{
	unsigned int i;
	int err;

	err = umcon_make_driver();
	if (!err)
		err = request_irq(UM_LINE_CONSOLE, umcon_interrupt, 0, "console", NULL);
	if (!err)
		err = request_irq(UM_LINE_WINCH, umcon_winch, 0, "winch", NULL);
	if (err) {
		pr_err("no terminals: %pe\n", ERR_PTR(err));
		return err;
	}
	for (i = 0; i < UM_CHAN_NR; i++) {
		if (umcons[i].has_channel)
			umcon_make_node(&umcons[i]);
	}
	return 0;
}
device_initcall(umcon_init);
