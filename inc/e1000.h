/*
 * e1000.h: the registers and descriptor bits of the Intel 82540EM that JIX
 * uses, under the names of Intel's "PCI/PCI-X Family of Gigabit Ethernet
 * Controllers Software Developer's Manual" (the SDM). Registers: chapter 13;
 * receive descriptors: section 3.2; transmit descriptors: section 3.3.
 */
#ifndef JIX_INC_E1000_H
#define JIX_INC_E1000_H

#define E1000_VENDOR		0x8086
#define E1000_DEVICE_82540EM	0x100e

/* General registers (SDM 13.4). */
#define E1000_CTRL		0x0000	/* Device Control */
#define E1000_CTRL_LRST		(1u << 3)	/* Link Reset */
#define E1000_CTRL_ASDE		(1u << 5)	/* Auto-Speed Detection */
#define E1000_CTRL_SLU		(1u << 6)	/* Set Link Up */
#define E1000_CTRL_ILOS		(1u << 7)	/* Invert Loss-of-Signal */
#define E1000_CTRL_RST		(1u << 26)	/* Device Reset */
#define E1000_CTRL_VME		(1u << 30)	/* VLAN Mode */
#define E1000_CTRL_PHY_RST	(1u << 31)	/* PHY Reset */
#define E1000_STATUS		0x0008	/* Device Status */
#define E1000_STATUS_LU		(1u << 1)	/* Link Up */

/* Interrupts. */
#define E1000_ICR		0x00c0	/* Cause Read: reading clears */
#define E1000_IMS		0x00d0	/* Mask Set */
#define E1000_IMC		0x00d8	/* Mask Clear */
#define E1000_INT_LSC		(1u << 2)	/* Link Status Change */
#define E1000_INT_RXDMT0	(1u << 4)	/* Receive ring runs low */
#define E1000_INT_RXO		(1u << 6)	/* Receiver Overrun */
#define E1000_INT_RXT0		(1u << 7)	/* Receiver Timer: a frame */

/* Receive. */
#define E1000_RCTL		0x0100	/* Receive Control */
#define E1000_RCTL_EN		(1u << 1)	/* Receiver Enable */
#define E1000_RCTL_BAM		(1u << 15)	/* Broadcast Accept Mode */
#define E1000_RCTL_BSIZE_2048	(0u << 16)	/* Receive Buffer Size */
#define E1000_RCTL_SECRC	(1u << 26)	/* Strip Ethernet CRC */
#define E1000_RDBAL		0x2800	/* Descriptor Base Address Low */
#define E1000_RDBAH		0x2804	/* ... High */
#define E1000_RDLEN		0x2808	/* Descriptor Length, in bytes */
#define E1000_RDH		0x2810	/* Descriptor Head */
#define E1000_RDT		0x2818	/* Descriptor Tail */
#define E1000_MTA		0x5200	/* Multicast Table Array */
#define E1000_MTA_WORDS		128
#define E1000_RAL0		0x5400	/* Receive Address Low */
#define E1000_RAH0		0x5404	/* ... High */
#define E1000_RAH_AV		(1u << 31)	/* Address Valid */

/* Transmit. */
#define E1000_TCTL		0x0400	/* Transmit Control */
#define E1000_TCTL_EN		(1u << 1)	/* Transmit Enable */
#define E1000_TCTL_PSP		(1u << 3)	/* Pad Short Packets */
#define E1000_TCTL_CT(n)	((uint32_t)(n) << 4) /* Collision Threshold */
#define E1000_TCTL_COLD(n)	((uint32_t)(n) << 12)	/* Collision Distance */
#define E1000_TIPG		0x0410	/* Transmit Inter-Packet Gap */
#define E1000_TIPG_IPGT(n)	((uint32_t)(n))
#define E1000_TIPG_IPGR1(n)	((uint32_t)(n) << 10)
#define E1000_TIPG_IPGR2(n)	((uint32_t)(n) << 20)
#define E1000_TDBAL		0x3800
#define E1000_TDBAH		0x3804
#define E1000_TDLEN		0x3808
#define E1000_TDH		0x3810
#define E1000_TDT		0x3818

/* Statistics (SDM 13.7): all are cleared by reading. */
#define E1000_CRCERRS		0x4000	/* CRC Errors */
#define E1000_MPC		0x4010	/* Missed Packets */
#define E1000_GPRC		0x4074	/* Good Packets Received */
#define E1000_GPTC		0x4080	/* Good Packets Transmitted */
#define E1000_RNBC		0x40a0	/* Receive No Buffers */
#define E1000_TORL		0x40c0	/* Total Octets Received, low ... */
#define E1000_TORH		0x40c4	/* ... high: reading clears both */
#define E1000_TOTL		0x40c8	/* Total Octets Transmitted */
#define E1000_TOTH		0x40cc

/* Legacy receive descriptor (SDM 3.2.3), second quadword. */
#define E1000_RXD_LEN(q)	((uint32_t)((q) & 0xffff))
#define E1000_RXD_STA_DD	(1ull << 32)	/* Descriptor Done */
#define E1000_RXD_STA_EOP	(1ull << 33)	/* End Of Packet */
#define E1000_RXD_STA_IXSM	(1ull << 34)	/* Ignore Checksum bits */
#define E1000_RXD_ERR_CE	(1ull << 40)	/* CRC or Alignment Error */
#define E1000_RXD_ERR_SE	(1ull << 41)	/* Symbol Error */
#define E1000_RXD_ERR_SEQ	(1ull << 42)	/* Sequence Error */
#define E1000_RXD_ERR_CXE	(1ull << 44)	/* Carrier Extension Error */
#define E1000_RXD_ERR_RXE	(1ull << 47)	/* Receive Data Error */
#define E1000_RXD_ERR_FRAME	(E1000_RXD_ERR_CE | E1000_RXD_ERR_SE | \
				 E1000_RXD_ERR_SEQ | E1000_RXD_ERR_CXE | \
				 E1000_RXD_ERR_RXE)

/* Legacy transmit descriptor (SDM 3.3.3), second quadword. */
#define E1000_TXD_LEN(n)	((uint64_t)(n) & 0xffff)
#define E1000_TXD_CMD_EOP	(1ull << 24)	/* End Of Packet */
#define E1000_TXD_CMD_IFCS	(1ull << 25)	/* Insert FCS */
#define E1000_TXD_CMD_RS	(1ull << 27)	/* Report Status */
#define E1000_TXD_STA_DD	(1ull << 32)	/* Descriptor Done */

#endif
