"""Which words wake people at night, which only ask back, and which do neither."""

import pytest

from handoff.kinds import Level

EMERGENCIES = """
网站打不开了
我们网站打不开了,客户都在催
网站打不开
網站打不開了,麻煩看一下
我們的官網進不去
官網掛了
伺服器當機了
網頁一直白屏
公司官网从今天早上8点开始就一直打不开
网站今天早上开始,就打不开了
网站怎么打不开了？
网站又打不开了！！！
网站是不是挂了?
打不开咱们的官网了
我们的商城崩了
小程序打不开了,快看看
商城全白了
首页一片空白
网站显示502 Bad Gateway
网站报500错误
全站404了
网站没了
www.acme-shop.com 打不开了
https://acme.cn 访问不了
acme.com.hk 入唔到
個網站打唔開呀
网站down了
服务器宕机了吗?
在吗 网站打不开了 急急急
网站和后台都打不开了
后台打不开，网站也打不开
网站打不开，连图片都打不开
网站打不开了，后台能打开
之前好好的，网站突然打不开了
昨天你们升级之后，网站打不开了
从昨天开始网站就打不开
昨天打不开，今天网站又打不开了
网站之前很慢，现在打不开了
网站打不开，如果今天修不好我们要退款
网站打不开，什么时候能恢复？
不是我网络的问题，网站就是打不开
网站打不开，手机和电脑都不能打开
网站昨天恢复了，今天网站又打不开
都打不开了！
网站被黑了
网站被人黑了
網站被駭了
网站首页被篡改了
网站被ddos攻击了
我们网站被挂马了,百度提示有风险
点开网站跳转到赌博网站
网站变成博彩内容了
首页被改了
网站中毒了,中了木马
网站被黑了，怎么防止再次被黑
客户付不了款
顾客没法下单
支付失败，客户都在投诉
商城结账报错
结账页面打不开
微信支付用不了
无法付款了
下單一直失敗
結帳失敗
网站提示建立数据库连接时出错
我们客户说官网进不去
our website is down
Our website has been down for an hour
the site is not loading
Our site isn't working
my website won't load at all
The web shop is offline
website down!!!
site keeps crashing
the site crashed
Our homepage shows a blank page
the website gives a 502
Error 503 on our site: website returns 503
The site is completely inaccessible
acme-shop.com is down
nobody can open our website
I can't access our site
We cannot reach the shop
Our site has been hacked
we got hacked
Our site was defaced
Our homepage redirects to a casino
our site redirects visitors to a gambling page
malware found on our site
we have been hit by ransomware
the checkout is broken
checkout is not working
payments are failing
Customers can't pay
nobody can check out
orders are not going through
Payment gateway is down
The site is down, let me know if you need anything
Yesterday it was slow. Now the website is down
Everything was fine yesterday, the website is down
is the server down?
网站挂了有没有人管啊
网站打不开会不会是服务器的问题
our site is down and I do not know if you saw it
网站宕机一小时了
今天更新的时候网站打不开了
Error establishing a database connection
The website is gone
""".strip().splitlines()

NO_EMERGENCIES = """
后台打不开
网站后台进不去了
网站后台打不开了
網站後台進不去
小程序后台登不进去
服务器后台连不上
图片打不开
网站的图片和视频打不开
网站图片打不开
首页的视频加载不出来
首页加载不出来图片
网站有一个页面打不开
网站的关于我们页面打不开
网站上的链接点不开
网站表单用不了
网站搜索功能用不了
邮箱打不开了
邮箱服务器连不上
邮件收不到
附件打不开
测试站打不开了
FTP连不上
服务器ftp连不上
网站很慢
网站打开很慢
网站太慢了打不开图片
网站打不开一般是什么原因
网站打不开的原因有哪些
怎么预防网站被黑
如何防止网站被攻击
服务器如何配置才不会崩溃
网站没有被黑吧
网站没有挂
网站打不开了 好了,是我网络的问题
网站打不开，不好意思是我网络的问题
网站刚才打不开，现在恢复了
网站打不开的问题解决了，谢谢
网站已经可以打开了
网站打得开
网站宕机一小时赔我们多少钱
首页改成500字介绍
服务器500元一年贵吗
首页放500张图可以吗
网站有个download按钮怎么加
网站dropdown菜单怎么改
首页挂了个公告怎么撤下来
首页挂了横幅
网站标题被黑色背景遮住了
网站文字被黑框挡住
把网站变成黄色背景
首页底部一片空白怎么去掉
支付失败页面的文案怎么改
支付失败的订单怎么处理
付款失败通知邮件怎么设置
怎么接入微信支付
支付宝设置不了
支付密码修改不了
续费付款失败
给你们付款失败了
如何设置商品缺货时不能下单
怎么打开网站后台
怎么打开网站的维护模式
网站怎么备案
首页标题怎么改
網站的標題怎麼改
如何更换首页轮播图
域名续费多少钱
服务器怎么选
商城怎么上架商品
网站崩了个按钮的图标,帮忙换
How do I prevent my site from being hacked?
how to protect the website from malware
do you offer malware scanning?
The admin dashboard is not loading
the site admin won't load
I can't access the site's dashboard
images on the website are not loading
the site search is not working
our website contact form is not working
website emails are not working
our mail server is down
The staging site is down
the website is slow
site loads slowly
our site is very slow today
The drop-down menu on our website
On the website, scroll down to the bottom
How do I slow down the slider on the website?
We want to take the site offline for maintenance
please take our website down
The shop has 500 products
a website for 500 euros
Can you add a blank page to the website
orders went down this month
traffic to our website is down 20%
sales in the shop are down
The website has gone live, thanks
the website is back online
website is up again
Our site works again
It was my own network, website works now
How do I set up payments?
how can I connect the checkout
where do I edit the payment failed page
My payment to you failed
the payment for the hosting failed
how do I add a video
How can I change the site title?
change the footer of our website
Our website is not hacked, right?
site logo does not look right
the website title is wrong
growth hacks for our website
scale the server down again after the promo
is the site offline while the domain moves
Is there a dark mode for our site?
""".strip().splitlines()

DOUBTFUL = [
    ("昨天网站打不开", "past"),
    ("昨晚网站打不开过一次", "past"),
    ("昨天，网站打不开", "past"),
    ("上周官网挂了两次", "past"),
    ("刚才网站打不开", "past"),
    ("網站昨天打不開", "past"),
    ("our website was down yesterday", "past"),
    ("Yesterday, our site was down", "past"),
    ("we got hacked last year", "past"),
    ("the website was down", "past"),
    ("the site was hacked two years ago", "past"),
    ("如果网站打不开怎么办", "supposed"),
    ("万一网站被黑了你们怎么处理", "supposed"),
    ("要是官网挂了找谁", "supposed"),
    ("网站挂了的时候我们先干什么", "supposed"),
    ("网站打不开的话找谁", "supposed"),
    ("流量太大网站会崩溃吗", "supposed"),
    ("改了解析网站会不会打不开", "supposed"),
    ("帮我看看网站有没有被黑", "supposed"),
    ("如果網站打不開怎麼辦", "supposed"),
    ("what happens if our website is down?", "supposed"),
    ("If the site is down, who do I call?", "supposed"),
    ("Can you check if our website is down", "supposed"),
    ("notify me when the website is down", "supposed"),
    ("suppose our site is hacked, what then", "supposed"),
    ("我朋友的网站打不开了", "others"),
    ("竞争对手的官网挂了", "others"),
    ("听说某某公司网站被黑了", "others"),
    ("my friend's website is down", "others"),
    ("a competitor's site got hacked", "others"),
    ("转发：网站打不开了", "forwarded"),
    ("【转】官网被黑了", "forwarded"),
    ("Fwd: our website is down", "forwarded"),
    ("FW: website down", "forwarded"),
    ("网站我这边打不开，手机可以打开", "partial"),
    ("网站打不开，别人都能打开", "partial"),
    ("网站在微信里打不开", "partial"),
    ("只有我打不开网站", "partial"),
    ("the website is not loading on my phone", "partial"),
    ("our site doesn't work in Safari", "partial"),
    ("开了vpn就打不开我们网站", "partial"),
    ("海外客户打不开我们网站", "partial"),
    ("老外说网站加载不出来", "partial"),
    ("our website is not loading from abroad", "partial"),
    ("半夜网站挂了能找谁", "supposed"),
    ("打不开了", "unnamed"),
    ("崩了!", "unnamed"),
]


@pytest.mark.parametrize("text", EMERGENCIES)
def test_it_wakes_people(rules, text):
    """A site or payment that is down or hacked now is an emergency, in both scripts and in English."""
    reading = rules.read(text)
    assert (reading.emergency, reading.unconfirmed, reading.level) == (True, None, Level.EMERGENCY)


@pytest.mark.parametrize("text", NO_EMERGENCIES)
def test_it_wakes_nobody(rules, text):
    """Back office, images, mail, slowness, how-to, what is over and words that only look alike page nobody."""
    reading = rules.read(text)
    assert (reading.emergency, reading.unconfirmed) == (False, None)
    assert reading.level is not Level.EMERGENCY


@pytest.mark.parametrize(("text", "doubt"), DOUBTFUL)
def test_it_asks_before_it_wakes_anybody(rules, text, doubt):
    """What is past, supposed, somebody else's, forwarded or only here is asked about first."""
    reading = rules.read(text)
    assert (reading.emergency, reading.unconfirmed) == (False, doubt)
